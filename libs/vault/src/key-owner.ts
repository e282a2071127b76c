import type { DataKeyOwner } from '@app/platform';

/** Whose secrets a data key seals; there is one data key per owner. */
export interface KeyOwner {
  kind: DataKeyOwner;
  /** The customer's id, the region's name or the webhook endpoint's id. */
  id: string;
}

/** Whether both name the same owner. */
export function isSameOwner(a: KeyOwner, b: KeyOwner): boolean {
  return a.kind === b.kind && a.id === b.id;
}
