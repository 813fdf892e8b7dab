/** What a no-code builder can do about a failure, by its code; unknown codes have no advice. */
const advice: Partial<Record<string, string>> = {
	UNAUTHORIZED: 'Check the API key in the Twenty2 credential',
	FORBIDDEN: 'Ask the owner of the Twenty2 account to give this key access',
	INVALID_ASSISTANT:
		'Copy the Assistant ID again in Twenty2 (three-dot menu of the assistant) and make sure that the assistant is published',
	INVALID_NUMBER:
		'Check that From Number and To Number carry a + and the country code, e.g. +919876543210, and that From Number is one of your Twenty2 numbers',
	CALL_NOT_FOUND: 'Check the Call ID: it is what Create Call returned as call_id',
	NOT_FOUND: 'Check the Call ID or Assistant ID, and the Base URL in the Twenty2 credential',
	BAD_REQUEST: 'Check the fields of this node against what the message says',
	VALIDATION_ERROR: 'Correct the values named in validation_errors',
	RATE_LIMIT_EXCEEDED:
		'Another program may be using the same key. Raise Give Up After in the options, or ask the Twenty2 team for higher limits',
	INTERNAL_ERROR: 'Run the item again later. If it persists, contact Twenty2 support',
	NETWORK_ERROR: 'Check the Base URL in the Twenty2 credential and the network of your n8n',
	TIMEOUT: 'Run the item again, or raise Request Timeout in the options',
	OUTCOME_UNKNOWN:
		'The person may have been phoned. Look the call up in Twenty2 before you place it again',
	WAIT_TIMEOUT:
		'The call was placed. Look it up later with Get Call and its call_id, or retry this execution, which waits on for it and phones nobody again',
	DUPLICATE_CALL:
		'Somebody was phoned under this Deduplication Key before, or may have been. Give the item another key to phone all the same',
	DOWNLOAD_FAILED:
		'Get the call again with Get Call, as Twenty2 then gives a new link. What is known of the call is in error.call',
	INVALID_RESPONSE:
		'Check that the Base URL in the Twenty2 credential is the address of the Twenty2 API',
};

export function adviceFor(code: string): string | undefined {
	return Object.hasOwn(advice, code) ? advice[code] : undefined;
}
