/** The time now, in milliseconds since the epoch. */
export type Clock = () => number;
