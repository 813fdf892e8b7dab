import { expect } from 'vitest';

import { timeIn, waitForHours } from '../e2e/callingHours';
import { jsonOf } from '../e2e/execution';
import { n8n1, n8n2 } from '../e2e/n8nVersion';
import { inN8n } from '../e2e/n8nWithNode';
import { phone } from '../e2e/workflow';

for (const version of [n8n2, n8n1]) {
	const it = inN8n({ version, twenty2: { refuseConcurrent: false } });

	it(`A person is phoned when the time has come that a Wait node waited for, in n8n ${version.number}`, async ({
		n8n,
		sandbox,
		credential,
	}) => {
		const { id } = await waitForHours(n8n, credential, timeIn(80), timeIn(3 * 3_600));
		const execution = await n8n.waitForExecution(id);
		expect(execution.data.resultData.runData.Twenty2).toHaveLength(2);
		expect(jsonOf(execution, 'Twenty2')).toHaveLength(2);
		expect(sandbox.seen.perNumber()).toEqual({ [phone(0)]: 1, [phone(1)]: 1 });
	});
}
