/** Scripts that the worker takes in on demand leave here what they bring (files.ts). */
import type { PartName } from '../../protocol/assets.ts';

export function lay(part: Partial<Record<PartName, unknown>>): void {
  Object.assign((self as { charloomParts?: object }).charloomParts!, part);
}
