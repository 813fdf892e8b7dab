import type { Twenty2 } from '../api/responses';
import { Failure } from '../api/failure';
import type { Generation } from '../api/client';
import { mediaThrough, type Media } from '../api/media/files';
import { sendThrough, type Sender } from '../api/transport';
import type { Access, Limits } from '../policy/budget';
import { budgetOf } from '../policy/budgets';

/** Twenty2 as this node's credential reaches it. */
export interface Connection {
	twenty2: Twenty2;
	/** What Twenty2's links lead to. */
	media: Media;
	/** This run's way past the limits of the credential's key. */
	access: Access;
	/** What Twenty2 allows the key. */
	limits: Limits;
}

/** @throws Failure `INVALID_INPUT` when the credential is missing or a field of it is wrong */
export async function connect(n8n: Sender, generation: Generation): Promise<Connection> {
	const { credentialType } = generation;
	const credential = await n8n.getCredentials(credentialType).catch((error: Error) => {
		throw Failure.ofInput('INVALID_INPUT', error.message, 'Choose a Twenty2 credential');
	});
	const { apiKey, baseUrl, limits } = generation.account(credential);
	return {
		twenty2: generation.speak(sendThrough(n8n, credentialType, credential, baseUrl)),
		media: mediaThrough(n8n, baseUrl),
		access: budgetOf(apiKey, baseUrl, limits).open((message) => n8n.logger.debug(message)),
		limits,
	};
}
