import type { Generation } from '../../../nodes/Twenty2/api/client';
import type { HttpAnswer, HttpRequest } from '../../../nodes/Twenty2/api/transport';

export const call = {
	assistantId: 'asst_1',
	fromNumber: '+917971441943',
	toNumber: '+919871532305',
	inputParameters: { customerName: 'Asha' },
	additionalFields: { priority: 1 },
};

export const sending = { idempotencyKey: 'entry_1', timeoutMs: 5_000 };

/** Twenty2's answer to a create, and to a read. */
export const created = { success: true, call_id: 'call_1', status: 'queued' };
export const read = { success: true, call: { call_id: 'call_1', status: 'completed' } };

/** What a generation sends, against a Twenty2 that gives always the same answer. */
export function speaking(
	generation: Generation,
	body: unknown,
	{ status = 200, callsPath }: { status?: number; callsPath?: string } = {},
) {
	const sent: HttpRequest[] = [];
	const send = async (request: HttpRequest): Promise<HttpAnswer> => {
		sent.push(request);
		return await Promise.resolve({ status, body });
	};
	return { sent, twenty2: generation.speak(send, { callsPath }) };
}

export async function speakingNothing(): Promise<HttpAnswer> {
	return await Promise.reject(new Error('nothing is sent here'));
}
