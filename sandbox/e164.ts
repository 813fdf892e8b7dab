/** An E.164 number: a plus and 7 to 15 digits. The first digit is not zero. */
export const e164 = /^\+[1-9]\d{6,14}$/;
