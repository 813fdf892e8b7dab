/** A plus, then at most fifteen digits of which the first is no zero. */
export const e164 = /^\+[1-9]\d{6,14}$/;
