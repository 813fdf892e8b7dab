/** What a refusal says; each generation puts it into its own envelope. */
export interface RefusalFacts {
	status: number;
	message: string;
	/** From the documented table. Only the API key generation shows it. */
	code?: string;
	/** Reasons by field of the body. */
	fields?: Record<string, string[]>;
	headers?: Record<string, string>;
	/** The HTTP status to send when it differs from the one in the envelope. */
	sentAs?: number;
}

/** Thrown wherever a request turns out not to be acceptable. */
export class Refusal extends Error {
	constructor(readonly facts: RefusalFacts) {
		super(facts.message);
	}
}

export const unauthorized = () =>
	new Refusal({ status: 401, code: 'UNAUTHORIZED', message: 'API key is missing or invalid' });

export const forbidden = () =>
	new Refusal({
		status: 403,
		code: 'FORBIDDEN',
		message: 'API key has no access to this resource',
	});

export const invalidAssistant = () =>
	new Refusal({
		status: 400,
		code: 'INVALID_ASSISTANT',
		message: 'The assistant does not exist or is not published',
	});

export const invalidNumber = (field: string) =>
	new Refusal({
		status: 400,
		code: 'INVALID_NUMBER',
		message: `${field} is not a valid E.164 phone number`,
	});

export const callNotFound = () =>
	new Refusal({ status: 404, code: 'CALL_NOT_FOUND', message: 'No call for this call_id' });

export const routeNotFound = (method: string, path: string) =>
	new Refusal({ status: 404, message: `Cannot ${method} ${path}` });

export const badRequest = (message: string) => new Refusal({ status: 400, message });

export const invalidFields = (fields: Record<string, string[]>) =>
	new Refusal({ status: 422, message: 'Validation failed', fields });

/** A limit was hit; `waitMs` goes into `Retry-After` when given. */
export const rateLimitExceeded = (message: string, waitMs?: number) =>
	new Refusal({
		status: 429,
		code: 'RATE_LIMIT_EXCEEDED',
		message,
		headers: waitMs === undefined ? {} : { 'retry-after': String(Math.ceil(waitMs / 1000)) },
	});

export const internalError = (message = 'Something went wrong on our side') =>
	new Refusal({ status: 500, code: 'INTERNAL_ERROR', message });
