/* eslint-disable @n8n/community-nodes/no-restricted-globals -- never part of the package */
import { callPeople, getWarm } from './builtNode';
import { withoutLimits } from './withoutLimits';
import { work } from './work';

/** Sends, for each run, the milliseconds that the node alone took, by n8n's own clock. */
async function main(): Promise<void> {
	const { url, items, runs } = work();
	await getWarm(url);
	for (let i = 0; i < runs; i++) {
		const { data } = await callPeople(items, url, withoutLimits);
		process.send?.(data.resultData.runData.Twenty2?.[0]?.executionTime);
	}
	process.disconnect();
}

void main();
