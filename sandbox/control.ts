import * as z from 'zod/v4';
import { behaviourSchema, readBehaviourSchema } from './behaviours';
import type { Context } from './context';
import { e164 } from './e164';
import { serveMedia } from './media';
import { mediaBehaviourSchema } from './mediaBehaviours';
import type { Reply } from './reply';
import type { IncomingRequest } from './request';
import type { Sandbox } from './sandbox';

const behaveBody = z.union([
	z.strictObject({ number: z.string().regex(e164), behaviour: behaviourSchema }),
	z.strictObject({ call_id: z.string(), behaviour: readBehaviourSchema }),
	z.strictObject({ call_id: z.string(), media: mediaBehaviourSchema }),
]);

/**
 * Handles `/sandbox` and everything below it: the control API for other processes, and the files
 * behind links. These requests need no key and do not count against the limits.
 */
export async function handleControlRequest(
	request: IncomingRequest,
	sandbox: Sandbox,
	context: Context,
): Promise<Reply> {
	const { method, path } = request;
	switch (`${method} ${path}`) {
		case 'GET /sandbox':
			return { status: 200, body: sandbox.seen };
		case 'POST /sandbox/reset':
			sandbox.reset();
			return { status: 200, body: { success: true } };
		case 'POST /sandbox/behave': {
			const parsed = behaveBody.safeParse(parse(await request.text()));
			if (!parsed.success) return { status: 400, body: z.prettifyError(parsed.error) };
			const { data } = parsed;
			if ('number' in data) sandbox.behave(data.number, data.behaviour);
			else if ('media' in data) sandbox.behaveMedia(data.call_id, data.media);
			else sandbox.behaveReads(data.call_id, data.behaviour);
			return { status: 200, body: { success: true } };
		}
		default:
			return (
				serveMedia(request, context) ?? {
					status: 404,
					body: `The sandbox has no ${method} ${path}`,
				}
			);
	}
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
