// A plugin of Stryker: the texts of fields, which people read and nothing else does. A test of them could only
// repeat them.
import { PluginKind, declareValuePlugin } from '@stryker-mutator/api/plugin';

const texts = new Set(['displayName', 'description', 'hint', 'placeholder', 'action']);

export const strykerPlugins = [
	declareValuePlugin(PluginKind.Ignore, 'user texts', {
		shouldIgnore({ node, parent }) {
			const isText = node.type === 'StringLiteral' || node.type === 'TemplateLiteral';
			if (!isText || parent?.type !== 'ObjectProperty' || parent.value !== node) return undefined;
			const { key } = parent;
			return key.type === 'Identifier' && texts.has(key.name) ? 'A text of a field.' : undefined;
		},
	}),
];
