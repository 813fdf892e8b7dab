export class UserError extends Error {}
export function reportError(error: unknown): void;
