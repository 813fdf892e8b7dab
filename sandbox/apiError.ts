/** The content of an error answer. Each generation puts it into its own envelope. */
export interface ErrorDetails {
	status: number;
	message: string;
	/** From the documented table of codes. Only the API key generation sends it. */
	code?: string;
	/** Messages by body field. */
	fields?: Record<string, string[]>;
	headers?: Record<string, string>;
	/** The HTTP status, where it differs from the one in the envelope. */
	sentAs?: number;
}

/** Thrown when a request is answered with an error. */
export class ApiError extends Error {
	constructor(readonly details: ErrorDetails) {
		super(details.message);
	}
}

export const unauthorized = () =>
	new ApiError({ status: 401, code: 'UNAUTHORIZED', message: 'API key is missing or invalid' });

export const forbidden = () =>
	new ApiError({
		status: 403,
		code: 'FORBIDDEN',
		message: 'API key has no access to this resource',
	});

export const invalidAssistant = () =>
	new ApiError({
		status: 400,
		code: 'INVALID_ASSISTANT',
		message: 'The assistant does not exist or is not published',
	});

export const invalidNumber = (field: string) =>
	new ApiError({
		status: 400,
		code: 'INVALID_NUMBER',
		message: `${field} is not a valid E.164 phone number`,
	});

export const callNotFound = () =>
	new ApiError({ status: 404, code: 'CALL_NOT_FOUND', message: 'No call for this call_id' });

export const routeNotFound = (method: string, path: string) =>
	new ApiError({ status: 404, message: `Cannot ${method} ${path}` });

export const badRequest = (message: string) => new ApiError({ status: 400, message });

export const invalidFields = (fields: Record<string, string[]>) =>
	new ApiError({ status: 422, message: 'Validation failed', fields });

/** @param waitMs sent as `Retry-After`, rounded up to seconds; without it no such header is sent */
export const rateLimitExceeded = (message: string, waitMs?: number) =>
	new ApiError({
		status: 429,
		code: 'RATE_LIMIT_EXCEEDED',
		message,
		headers: waitMs === undefined ? {} : { 'retry-after': String(Math.ceil(waitMs / 1000)) },
	});

export const internalError = (message = 'Something went wrong on our side') =>
	new ApiError({ status: 500, code: 'INTERNAL_ERROR', message });
