/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import type { IBinaryData, IHttpRequestOptions } from 'n8n-workflow';
import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';

import { mediaThrough } from '../../../../nodes/Twenty2/api/media/files';
import { pass, useFakeTime, watch } from '../../policy/fakeTime';

const address = new URL('https://media.example/a.wav?signature=1');
const kept: IBinaryData = { data: 'id', mimeType: 'audio/wav' };

/** n8n's helpers, and what they were asked for. */
function n8nWith(httpRequest: (options: IHttpRequestOptions) => Promise<unknown>) {
	const requests: IHttpRequestOptions[] = [];
	const files: unknown[][] = [];
	const helpers = {
		httpRequest: async (options: IHttpRequestOptions) => {
			requests.push(options);
			return await httpRequest(options);
		},
		prepareBinaryData: async (...file: unknown[]) => {
			files.push(file);
			return await Promise.resolve(kept);
		},
	};
	return { media: mediaThrough({ helpers }, 'https://api.twentytwo.in'), requests, files };
}

const hanging = async () => await new Promise<never>(() => undefined);

const until = (signal = new AbortController().signal) => ({ timeoutMs: 1_000, signal });

it('a file is requested without a credential, without following redirects, as a stream', async () => {
	const body = Readable.from([]);
	const headers = { location: '/b', 'content-type': 'audio/wav', 'x-other': '1' };
	const { media, requests } = n8nWith(
		async () => await Promise.resolve({ statusCode: 302, headers, body }),
	);
	const answer = await media.open(address, until());
	expect(answer).toEqual({
		statusCode: 302,
		headers: { location: '/b', 'content-type': 'audio/wav' },
		body,
	});
	expect(requests).toEqual([
		{
			method: 'GET',
			url: address.href,
			encoding: 'stream',
			timeout: 1_000,
			abortSignal: expect.any(AbortSignal),
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
		},
	]);
	expect(media.baseUrl).toBe('https://api.twentytwo.in');
});

it('a file that is not answered is not there, and the reason names its host only', async () => {
	const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
	const { media } = n8nWith(async () => await Promise.reject(refused));
	await expect(media.open(address, until())).rejects.toMatchObject({
		fields: {
			code: 'NETWORK_ERROR',
			message: 'Twenty2 was not reached at https://media.example: nothing answers there',
		},
	});
});

it('a file is cut when the signal fires', async () => {
	const stop = new AbortController();
	const { media, requests } = n8nWith(hanging);
	void media.open(address, until(stop.signal)).catch(() => undefined);
	expect(requests).toMatchObject([{ abortSignal: { aborted: false } }]);
	stop.abort();
	expect(requests).toMatchObject([{ abortSignal: { aborted: true } }]);
});

it('a file is kept by n8n under its name and type', async () => {
	const { media, files } = n8nWith(hanging);
	const file = Readable.from([]);
	expect(await media.keep(file, 'a.wav', 'audio/wav')).toBe(kept);
	expect(files).toEqual([[file, 'a.wav', 'audio/wav']]);
});

it('a file must begin as n8n says that it does', async () => {
	const { media } = n8nWith(async () => await Promise.resolve({ statusCode: 200, headers: {} }));
	await expect(media.open(address, until())).rejects.toThrow();
});

describe('A file whose answer does not begin', () => {
	useFakeTime();

	it('a file whose answer does not begin is given up in time, and may be asked for again', async () => {
		const { media, requests } = n8nWith(hanging);
		const opened = watch(media.open(address, until()));
		await pass(1_000);
		expect(opened.reason).toMatchObject({
			fields: {
				code: 'TIMEOUT',
				message: 'No answer from https://media.example within 1 seconds',
			},
		});
		expect(requests).toMatchObject([{ abortSignal: { aborted: true } }]);
		expect(vi.getTimerCount()).toBe(0);
	});
});
