/** Whether a file is a model, by its content: the length of a JSON object, and that. Its name may have been changed on its way. */
export async function isModel(file: Blob): Promise<boolean> {
  const head = new DataView(await file.slice(0, 10).arrayBuffer());
  return head.byteLength === 10 && head.getUint32(4, true) === 0 && head.getUint32(0, true) > 1 && head.getUint16(8) === 0x7b22;
}
