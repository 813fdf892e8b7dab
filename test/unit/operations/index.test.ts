import { describe, expect, it } from 'vitest';

import * as operations from '../../../nodes/Twenty2/operations';
import { Twenty2 } from '../../../nodes/Twenty2/Twenty2.node';

describe('The registry of operations', () => {
	it.each(Object.entries(operations))('has %s under its value', (name, { option }) => {
		expect(option.value).toBe(name);
	});

	it('gives the node its operations, their fields and its subtitle', () => {
		const { properties, subtitle } = new Twenty2().description;
		const field = properties.find(({ name }) => name === 'operation');
		const all = Object.values(operations);
		expect(field?.options).toEqual(all.map(({ option }) => option));
		expect(properties).toEqual(expect.arrayContaining(all.flatMap(({ fields }) => fields)));
		expect(subtitle).toBe(
			'={{ ({ createCall: "Create Call", getCall: "Get Call", getManyCalls: "Get Many Calls" })[$parameter["operation"]] }}',
		);
	});
});
