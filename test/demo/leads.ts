import * as z from 'zod/v4';

import type { N8n } from '../e2e/n8n';

const project = z.object({ id: z.string() });
const tables = z.object({ data: z.array(z.object({ name: z.string() })) });
const table = z.object({ id: z.string() });
const anything = z.unknown();

const text = (name: string) => ({ name, type: 'string' });

/** The tables that examples read, with numbers that the sandbox treats in different ways. */
const leads = [
	{
		name: 'Twenty2 Leads',
		columns: ['name', 'phone', 'result'].map(text),
		rows: [
			{ name: 'Asha', phone: '098765 00001' },
			{ name: 'Ravi', phone: '98765 00002' },
			{ name: 'Meera', phone: '98765' },
			{ name: 'Kiran', phone: '99999 00602' },
		],
	},
	{
		name: 'Twenty2 Retry Leads',
		columns: [
			...['name', 'phone', 'status'].map(text),
			{ name: 'tries', type: 'number' },
			text('last_try'),
		],
		rows: [
			{ name: 'Asha', phone: '098765 00001' },
			{ name: 'Ravi', phone: '99999 00600' },
		],
	},
];

/** Creates the tables that are missing, filled. The user's own are kept as they are. */
export async function putLeads({ rest }: N8n): Promise<void> {
	const { id } = await rest.call('GET', '/projects/personal', project);
	const path = `/projects/${id}/data-tables`;
	const existing = await rest.call('GET', path, tables);
	for (const { name, columns, rows } of leads) {
		if (existing.data.some((one) => one.name === name)) continue;
		const created = await rest.call('POST', path, table, { name, columns });
		await rest.call('POST', `${path}/${created.id}/insert`, anything, { data: rows });
	}
}
