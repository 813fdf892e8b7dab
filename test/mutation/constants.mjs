// A plugin of Stryker: the constants of a file. They are read once, when the file is loaded, so a change would come
// too late for the tests. `npm run bench -- e` says what changes of them do.
import { PluginKind, declareValuePlugin } from '@stryker-mutator/api/plugin';

const isConstantName = (name) => /^[A-Z][A-Z0-9_]+$/.test(name);

export const strykerPlugins = [
	declareValuePlugin(PluginKind.Ignore, 'constants', {
		shouldIgnore({ node }) {
			const isConstant =
				node.type === 'VariableDeclarator' &&
				node.id.type === 'Identifier' &&
				isConstantName(node.id.name);
			return isConstant ? 'A constant of a file.' : undefined;
		},
	}),
];
