/* eslint-disable @n8n/community-nodes/no-restricted-imports -- never part of the package */
import { Readable } from 'node:stream';
import { expect, it, vi } from 'vitest';

import { Failure } from '../../../nodes/Twenty2/api/failure';
import type { Media, MediaAnswer } from '../../../nodes/Twenty2/api/media/files';
import type { JsonObject } from '../../../nodes/Twenty2/json';
import { withFiles, type FilesOf } from '../../../nodes/Twenty2/operations/callFiles';
import { MissingLinks } from '../../../nodes/Twenty2/operations/missingLinks';
import { pass, passUntilQuiet, settle, useFakeTime, watch } from '../policy/fakeTime';
import { inTurn, newAccess, refusal, requestOptions, twenty2With } from './create/placing';

useFakeTime();

const MINUTE = 60_000;

const completed = { call_id: 'call_1', status: 'completed' };
const recorded = { ...completed, recording_url: 'https://m.example/r.wav' };
const transcribed = { ...completed, transcript_url: 'https://m.example/t.txt' };

type Answer = Partial<Omit<MediaAnswer, 'body'>> & { text?: string };

/** Links that answer so, the last answer for good. */
function mediaWith(answers: Answer[]) {
	const opened: number[] = [];
	const media: Media = {
		baseUrl: 'https://api.twentytwo.in',
		open: async () => {
			const { text = 'here', ...answer } =
				answers[Math.min(opened.length, answers.length - 1)] ?? {};
			opened.push(performance.now());
			const body = Readable.from(text === '' ? [] : [Buffer.from(text)]);
			return await Promise.resolve({ statusCode: 200, headers: {}, ...answer, body });
		},
		keep: async (file, fileName, mimeType) => {
			let data = '';
			for await (const part of file) data += String(part);
			return { data, fileName, mimeType };
		},
	};
	return { media, opened };
}

interface Given extends Partial<Omit<FilesOf, 'wanted'>> {
	wanted?: Array<'recording' | 'transcript'>;
	/** What the links answer. */
	links?: Answer[];
	/** What the looks find. */
	looks?: Array<JsonObject | Error>;
}

/** Gets the files of a call, and tells when what happened. */
function get({ wanted = ['recording'], links = [{}], looks = [], ...more }: Given = {}) {
	const from = performance.now();
	const looked: number[] = [];
	const { media, opened } = mediaWith(links);
	const answer = inTurn<JsonObject>(...looks);
	const getCall = async () => {
		looked.push(performance.now() - from);
		return await answer();
	};
	let waits = false;
	const whole = async () => {
		const done = await withFiles({
			twenty2: twenty2With({ getCall }),
			access: newAccess(),
			media,
			body: completed,
			outputOf: (body) => body,
			wanted: {
				recording: wanted.includes('recording'),
				transcript: wanted.includes('transcript'),
				maxRecordingBytes: 1_000,
			},
			justEnded: true,
			missingLinks: new MissingLinks(),
			requestOptions,
			signal: new AbortController().signal,
			attempts: 1,
			...more,
		});
		waits = done instanceof Function;
		return done instanceof Function ? await done() : done;
	};
	const result = watch(whole());
	return {
		result,
		looked,
		opened: () => opened.map((at) => at - from),
		waits: () => waits,
		took: () => (result.at ?? Number.NaN) - from,
		failure: () => (result.reason instanceof Failure ? result.reason.fields : undefined),
	};
}

const audio = { data: 'here', fileName: 'r.wav', mimeType: 'audio/wav' };

it('the files of a call come at once where they are ready, without a look', async () => {
	const { result, looked, waits } = get({
		wanted: ['recording', 'transcript'],
		body: { ...recorded, ...transcribed },
	});
	await settle();
	expect(result.value).toEqual([
		{
			json: { ...recorded, ...transcribed, transcript_text: 'here' },
			binary: { recording: audio },
		},
	]);
	expect(looked).toEqual([]);
	expect(waits()).toBe(false);
});

it('the files of a call come when their link has come, with a call that has it', async () => {
	const looks = [completed, refusal('INTERNAL_ERROR', 503), recorded];
	const { result, looked, waits, took } = get({ looks });
	await settle();
	expect(waits()).toBe(true);
	await passUntilQuiet();
	expect(result.value).toEqual([{ json: recorded, binary: { recording: audio } }]);
	expect(looked).toEqual([5_000, 15_000, 35_000]);
	expect(took()).toBe(35_000);
});

it.each<[string, Answer]>([
	['404', { statusCode: 404, text: 'There is no such file' }],
	['202', { statusCode: 202, text: '' }],
	['202 with a page', { statusCode: 202, headers: { 'content-type': 'text/html' } }],
	['an empty file', { text: '' }],
	['an empty file that says so', { text: '', headers: { 'content-length': '0' } }],
	['204', { statusCode: 204, text: '' }],
])('the files of a call come when their link no longer answers with %s', async (_, early) => {
	for (const [wanted, body] of [
		['recording', recorded],
		['transcript', transcribed],
	] as const) {
		const links = [early, early, {}];
		const { result, looked, opened } = get({ wanted: [wanted], body, links });
		await passUntilQuiet();
		const [{ json, binary } = { json: {} }] = result.value ?? [];
		expect(json.transcript_text ?? binary?.recording?.data).toBe('here');
		expect(opened()).toEqual([0, 5_000, 15_000]);
		expect(looked).toEqual([]);
	}
});

it('the files of a call are given up after a minute with the last answer of their link', async () => {
	const { failure, opened, took } = get({ body: recorded, links: [{ statusCode: 404 }] });
	await passUntilQuiet();
	expect(failure()).toMatchObject({
		code: 'DOWNLOAD_FAILED',
		message: 'The recording could not be downloaded. Its link answered with status 404',
		status: 404,
		attempts: 1 + 5,
		call_id: 'call_1',
		call: recorded,
	});
	expect(opened()).toEqual([0, 5_000, 15_000, 35_000, MINUTE]);
	expect(took()).toBe(MINUTE);
});

it('the files of a call are given up where a recording stays empty', async () => {
	const { failure, took } = get({ body: recorded, links: [{ text: '' }] });
	await passUntilQuiet();
	expect(failure()).toMatchObject({
		code: 'DOWNLOAD_FAILED',
		message: 'The recording could not be downloaded. It is empty',
	});
	expect(took()).toBe(MINUTE);
});

it('the transcript is empty after a minute where nobody said anything', async () => {
	const given = { wanted: ['transcript' as const], body: transcribed, links: [{ text: '' }] };
	const { result, took } = get(given);
	await passUntilQuiet();
	expect(result.value).toEqual([{ json: { ...transcribed, transcript_text: '' } }]);
	expect(took()).toBe(MINUTE);
});

it('the files of a call fail at once where waiting is of no use', async () => {
	for (const statusCode of [400, 403, 410]) {
		const { failure, took } = get({ body: recorded, links: [{ statusCode }] });
		await settle();
		expect(failure()).toMatchObject({ code: 'DOWNLOAD_FAILED', status: statusCode });
		expect(took()).toBe(0);
	}
});

it('the files of a call are left out and counted where a link stays missing for a minute', async () => {
	const missingLinks = new MissingLinks();
	const { result, looked, took } = get({ looks: [completed], missingLinks });
	await passUntilQuiet();
	expect(result.value).toEqual([{ json: completed }]);
	expect(looked).toEqual([5_000, 15_000, 35_000, MINUTE]);
	expect(took()).toBe(MINUTE);
	expect(missingLinks.count('recording')).toBe(1);
	expect(missingLinks.isAwaited('recording')).toBe(false);
});

it('the files of a call are not waited for by any other call of the run afterwards', async () => {
	const missingLinks = new MissingLinks();
	const first = get({ looks: [completed], missingLinks });
	await pass(45_000);
	const second = get({ looks: [completed], missingLinks });
	await pass(15_000);
	const third = get({ looks: [completed], missingLinks });
	await settle();
	expect(first.result.value).toEqual([{ json: completed }]);
	expect(third.result.value).toEqual([{ json: completed }]);
	await passUntilQuiet();
	expect(second.result.value).toEqual([{ json: completed }]);
	expect(second.took()).toBeLessThan(MINUTE);
	expect(missingLinks.count('recording')).toBe(3);
});

it('the files of several calls of a run are looked for by one until its link came, then by all', async () => {
	const missingLinks = new MissingLinks();
	const first = get({ looks: [completed, recorded], missingLinks });
	await pass(1_000);
	const second = get({ looks: [recorded], missingLinks });
	await pass(29_000);
	const third = get({ looks: [recorded], missingLinks });
	await passUntilQuiet();
	expect([first, second, third].map(({ looked }) => looked)).toEqual([
		[5_000, 15_000],
		[15_000],
		[15_000],
	]);
});

it('the files of a call come in time though the one call that looks for all looks in vain', async () => {
	const missingLinks = new MissingLinks();
	const stop = new AbortController();
	const first = get({ looks: [completed], missingLinks, signal: stop.signal });
	await pass(1_000);
	const second = get({ looks: [recorded], missingLinks });
	await pass(20_000);
	stop.abort(new Error('stopped'));
	await passUntilQuiet();
	expect(first.looked).toEqual([5_000, 15_000]);
	expect(second.looked).toEqual([35_000]);
	expect(second.result.value).toMatchObject([{ binary: { recording: audio } }]);
});

it('the files of a call are waited for where only files of the other kind had no link', async () => {
	const missingLinks = new MissingLinks();
	missingLinks.missed('transcript', true);
	const wanted = ['recording' as const, 'transcript' as const];
	const { result, took } = get({ wanted, looks: [completed, recorded], missingLinks });
	await passUntilQuiet();
	expect(result.value).toEqual([{ json: recorded, binary: { recording: audio } }]);
	expect(took()).toBe(15_000);
});

it('a file that is there is downloaded once while another one is waited for', async () => {
	const body = { ...recorded };
	const wanted = ['recording' as const, 'transcript' as const];
	const { result, opened } = get({
		wanted,
		body,
		looks: [recorded, { ...recorded, ...transcribed }],
	});
	await passUntilQuiet();
	expect(result.value).toMatchObject([
		{ json: { transcript_text: 'here' }, binary: { recording: audio } },
	]);
	expect(opened()).toEqual([0, 15_000]);
});

it.each<[string, JsonObject]>([
	['nobody answered', { status: 'failed', duration_seconds: 0, cost: '0.00 INR' }],
	['nobody answered, of which nothing more is known', { status: 'no-answer' }],
	['ended before it was answered', { status: 'ended', duration_seconds: 0, ended_at: null }],
])('the files of a call that %s are not missed', async (_, more) => {
	const missingLinks = new MissingLinks();
	const body = { ...completed, ...more };
	const { result, waits } = get({ body, missingLinks });
	await settle();
	expect(result.value).toEqual([{ json: body }]);
	expect(waits()).toBe(false);
	expect(missingLinks.count('recording')).toBe(0);
});

it('the files of a call that goes on are not missed', async () => {
	const missingLinks = new MissingLinks();
	const body = { ...completed, status: 'in-progress', duration_seconds: 9 };
	const { result, waits } = get({ body, missingLinks, justEnded: false });
	await settle();
	expect(result.value).toEqual([{ json: body }]);
	expect([waits(), missingLinks.count('recording')]).toEqual([false, 0]);
});

it('the files of a call that just ended are waited for, whatever word its end has', async () => {
	const body = { ...completed, status: 'voicemail', duration_seconds: 9 };
	const { result } = get({ body, looks: [body, { ...body, ...recorded }] });
	await passUntilQuiet();
	expect(result.value).toMatchObject([{ binary: { recording: audio } }]);
});

const endedAgo = (minutes: number) => ({
	ended_at: new Date(Date.now() - minutes * MINUTE).toISOString(),
});

it.each([
	['lately', () => endedAgo(1)],
	['at a time without its zone', () => ({ ended_at: '2020-01-01T00:00:00' })],
	['nobody knows when', () => ({})],
])('the files of a call that was looked up and ended %s are waited for', async (_, ended) => {
	const { result } = get({
		justEnded: false,
		body: { ...completed, ...ended() },
		looks: [completed, recorded],
	});
	await passUntilQuiet();
	expect(result.value).toMatchObject([{ binary: { recording: audio } }]);
});

it('the files of a call that ended long ago are not waited for where they have no link, but counted', async () => {
	const missingLinks = new MissingLinks();
	const body = { ...completed, ...endedAgo(3) };
	const { result, waits } = get({ justEnded: false, body, missingLinks });
	await settle();
	expect(result.value).toEqual([{ json: body }]);
	expect(waits()).toBe(false);
	expect(missingLinks.count('recording')).toBe(1);
	expect(missingLinks.isAwaited('recording')).toBe(true);
});

it('a call that ended long ago has an empty transcript at once', async () => {
	const body = { ...transcribed, ...endedAgo(3) };
	const links = [{ text: '' }];
	const { result } = get({ justEnded: false, wanted: ['transcript'], body, links });
	await settle();
	expect(result.value).toEqual([{ json: { ...body, transcript_text: '' } }]);
});

it('the wait for files ends at once with the signal', async () => {
	for (const given of [{ looks: [completed] }, { body: recorded, links: [{ statusCode: 404 }] }]) {
		const stop = new AbortController();
		const { result, looked } = get({ ...given, signal: stop.signal });
		await pass(1_000);
		stop.abort(new Error('stopped'));
		await settle();
		expect(result.reason).toEqual(new Error('stopped'));
		expect(looked).toEqual([]);
		expect(vi.getTimerCount()).toBe(0);
	}
});

it('a look for files that is refused has no more time than is left', async () => {
	const limited = refusal('RATE_LIMIT_EXCEEDED', 429, { outcome: undefined });
	const { result, took } = get({ looks: [limited] });
	await passUntilQuiet();
	expect(result.value).toEqual([{ json: completed }]);
	expect(took()).toBeLessThanOrEqual(MINUTE + 5_000);
});
