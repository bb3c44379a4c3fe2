import type { Missing } from '../catalog.ts';
import type { MissingReason } from '../missing-reasons.ts';

/** Reports nothing if `count` is 0. Without `count`, it is not known how many things are missing. */
export const reportMissing = (reason: MissingReason, remediation: string, count?: number): Missing[] => {
  if (count === 0) return [];
  return [{ reason, ...(count !== undefined && { count }), remediation }];
};
