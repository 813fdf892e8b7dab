/* eslint-disable @n8n/community-nodes/no-restricted-globals, @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/v4';

import { recording, startSandbox, type Sandbox } from '../../sandbox';
import { createCampaign } from './campaign';
import { output } from './execution';
import { printFigure } from './figure';
import type { Credential, N8n } from './n8n';
import { startN8nWithNode } from './n8nWithNode';
import { eventually } from './rest';
import { phone } from './workflow';

const MB = 1_000_000;
const large = 20 * MB;

const placed = z.object({ call_id: z.string() });
const kept = z.looseObject({
	id: z.string().optional(),
	data: z.string(),
	fileName: z.string(),
	mimeType: z.string(),
});

let sandbox: Sandbox;

beforeAll(async () => {
	sandbox = await startSandbox({ requestsPerMinute: 1_000, ringMs: 1, talkMs: 1 });
});
afterAll(async () => {
	await sandbox?.close();
});

/** Places a call and waits for its end. @returns its call_id */
async function endedCall(): Promise<string> {
	const response = await fetch(`${sandbox.url}/v1/calls`, {
		method: 'POST',
		headers: { authorization: 'Bearer sandbox-key', 'content-type': 'application/json' },
		body: JSON.stringify({
			assistant_id: 'asst_demo',
			from_number: phone(0),
			to_number: phone(1),
		}),
	});
	const { call_id } = placed.parse(await response.json());
	const [call] = sandbox.seen.calls.filter((each) => each.call_id === call_id);
	await eventually('The end', 60, async () => Date.now() > (call?.endedAt ?? 0) || undefined);
	return call_id;
}

const hashOf = (parts: Iterable<Buffer>) => {
	const hash = createHash('sha256');
	for (const part of parts) hash.update(part);
	return hash.digest('hex');
};

/** The id of n8n's main process: the one in this user folder that runs `start`. */
function pidOf({ userFolder }: N8n): string {
	const isIt = (pid: string) => {
		try {
			const started = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0start\0');
			return started && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(userFolder);
		} catch {
			return false;
		}
	};
	const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && isIt(name));
	if (pid === undefined) throw new Error('n8n’s process was not found');
	return pid;
}

function memoryOf(pid: string): number {
	const [, kibibytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
	return Number(kibibytes) * 1024;
}

/** The highest growth of a process's memory during some work, in bytes. */
async function growthDuring<T>(pid: string, work: () => Promise<T>) {
	const before = memoryOf(pid);
	let most = before;
	const sampling = setInterval(() => (most = Math.max(most, memoryOf(pid))), 10);
	try {
		return { result: await work(), bytes: most - before };
	} finally {
		clearInterval(sampling);
	}
}

describe.each(['filesystem', 'default'] as const)('with binary data mode %s', (mode) => {
	let n8n: N8n;
	let credential: Credential;
	let getCalls: Awaited<ReturnType<typeof createCampaign>>;

	beforeAll(async () => {
		n8n = await startN8nWithNode({ env: { N8N_DEFAULT_BINARY_DATA_MODE: mode } });
		credential = await n8n.createCredential('twenty2Api', 'Twenty2', {
			apiKey: 'sandbox-key',
			baseUrl: sandbox.url,
			requestsPerMinute: 1_000,
			concurrentCalls: 3,
		});
		getCalls = await createCampaign(
			n8n,
			credential,
			{
				operation: 'getCall',
				callId: '={{ $json.phone }}',
				options: { downloadRecording: true, includeTranscript: true, maxRetries: 0 },
			},
			{ onError: 'continueErrorOutput' },
		);
	});
	afterAll(() => n8n?.stop());

	let latest = '0';
	const get = async (call_id: string) => {
		await getCalls.start([{ name: 'Asha', phone: call_id }]);
		const execution = await n8n.waitForExecution(getCalls.id, { after: latest });
		latest = execution.id;
		return execution;
	};

	/** Downloads a recording of this size, after a small one as a warm-up. */
	async function downloaded(bytes: number) {
		sandbox.media.recordingBytes = 1 * MB;
		await get(await endedCall());
		sandbox.media.recordingBytes = bytes;
		const call_id = await endedCall();
		const { result, bytes: growth } = await growthDuring(
			pidOf(n8n),
			async () => await get(call_id),
		);
		sandbox.media.recordingBytes = 1 * MB;
		return { execution: result, call_id, growth };
	}

	async function bytesOf({ id, data }: z.infer<typeof kept>): Promise<Buffer> {
		if (id === undefined) return Buffer.from(data, 'base64');
		return await readFile(join(n8n.userFolder, '.n8n', 'storage', id.replace(/^.*?:/, '')));
	}

	it('A recording of 20 MB arrives byte for byte', async () => {
		const { execution, call_id, growth } = await downloaded(large);
		printFigure({
			what: `Growth of n8n’s memory while it downloaded 20 MB (${mode})`,
			value: growth / MB,
			unit: 'MB',
		});

		const [item] = output(execution);
		expect(item?.json).toMatchObject({
			call_id,
			transcript_text: expect.stringContaining('Hello, can you hear me?'),
		});
		const file = z.object({ recording: kept }).parse(item?.binary).recording;
		expect(file).toMatchObject({ fileName: `${call_id}.wav`, mimeType: 'audio/wav' });
		const bytes = await bytesOf(file);
		expect(bytes).toHaveLength(large);
		expect(hashOf([bytes])).toBe(hashOf(recording(large)));
	});

	// Garbage alone makes a process grow by tens of megabytes, but not by 200 MB.
	if (mode === 'filesystem')
		it('A recording of 200 MB is never in memory whole', async () => {
			const { execution, growth } = await downloaded(200 * MB);
			printFigure({ what: 'The same with 200 MB', value: growth / MB, unit: 'MB' });
			expect(output(execution)).toHaveLength(1);
			expect(growth).toBeLessThan(200 * MB);
		});

	it('An expired link goes to the error output with the call’s data', async () => {
		const call_id = await endedCall();
		sandbox.media.linkLifetimeMs = 0;
		const execution = await get(call_id);
		sandbox.media.linkLifetimeMs = 60_000;

		expect(output(execution, 0)).toEqual([]);
		expect(output(execution, 1).map(({ json }) => json)).toEqual([
			{
				name: 'Asha',
				phone: call_id,
				error: expect.objectContaining({
					code: 'DOWNLOAD_FAILED',
					status: 403,
					source: 'n8n',
					attempts: 2,
					call_id,
					call: expect.objectContaining({ call_id, status: 'completed', duration_seconds: 1 }),
				}),
			},
		]);
	});

	it('A recording that breaks off leaves no file', async () => {
		const files = () =>
			readdirSync(n8n.userFolder, { recursive: true, encoding: 'utf8' }).filter(
				(name) =>
					name.includes('/binary_data/') && statSync(join(n8n.userFolder, name)).size > 1_000,
			);
		const before = files();
		const call_id = await endedCall();
		sandbox.behaveMedia(call_id, 'cut');
		const execution = await get(call_id);

		expect(output(execution, 0)).toEqual([]);
		expect(output(execution, 1)[0]?.json.error).toMatchObject({
			code: 'DOWNLOAD_FAILED',
			message: expect.stringContaining('ended before all of it had come'),
			status: null,
		});
		expect(files()).toEqual(before);
	});
});
