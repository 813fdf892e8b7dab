import type { INodeType, INodeTypes } from 'n8n-workflow';

export class GivenNodeTypes implements INodeTypes {
	constructor(private readonly types: Readonly<Record<string, INodeType>>) {}

	getByName(name: string): INodeType {
		const found = this.types[name];
		if (found === undefined) throw new Error(`No node type "${name}" was given to the test engine`);
		return found;
	}

	getByNameAndVersion(name: string): INodeType {
		return this.getByName(name);
	}

	getKnownTypes() {
		return {};
	}
}
