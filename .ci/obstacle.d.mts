export class Obstacle extends Error {}
export function giveUp(error: unknown): void;
