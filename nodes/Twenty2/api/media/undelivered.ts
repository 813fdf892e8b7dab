import { Failure } from '../failure';

/**
 * Why a link did not bring what it leads to, as a sentence of its own.
 * @param status of the answer, null where no whole one came
 * @param code tells trouble that may pass from what will be the same next time
 */
export function undelivered(
	message: string,
	status: number | null = null,
	code: 'DOWNLOAD_FAILED' | 'INTERNAL_ERROR' | 'TIMEOUT' = 'DOWNLOAD_FAILED',
): Failure {
	return new Failure({ code, message, status, source: 'n8n', attempts: 0 });
}
