import * as z from 'zod/v4';
import { behaviourSchema, readBehaviourSchema } from './behaviours';
import type { World } from './desk';
import { e164 } from './e164';
import type { Incoming } from './generation';
import { follow } from './media';
import { mediaBehaviourSchema } from './mediaBehaviours';
import type { Reply } from './reply';
import type { Sandbox } from './server';

const behaveBody = z.union([
	z.strictObject({ number: z.string().regex(e164), behaviour: behaviourSchema }),
	z.strictObject({ call_id: z.string(), behaviour: readBehaviourSchema }),
	z.strictObject({ call_id: z.string(), media: mediaBehaviourSchema }),
]);

/** `/sandbox`: the sandbox's own doors, for other processes. They need no key and do not count. */
export async function control(incoming: Incoming, sandbox: Sandbox, world: World): Promise<Reply> {
	const { method, path } = incoming;
	switch (`${method} ${path}`) {
		case 'GET /sandbox':
			return { status: 200, body: sandbox.seen };
		case 'POST /sandbox/reset':
			sandbox.reset();
			return { status: 200, body: { success: true } };
		case 'POST /sandbox/behave': {
			const wish = behaveBody.safeParse(parse(await incoming.text()));
			if (!wish.success) return { status: 400, body: z.prettifyError(wish.error) };
			if ('number' in wish.data) sandbox.behave(wish.data.number, wish.data.behaviour);
			else if ('media' in wish.data) sandbox.behaveMedia(wish.data.call_id, wish.data.media);
			else sandbox.behaveReads(wish.data.call_id, wish.data.behaviour);
			return { status: 200, body: { success: true } };
		}
		default:
			return (
				follow(incoming, world) ?? { status: 404, body: `The sandbox has no ${method} ${path}` }
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
