/**
 * The pieces of a file as they come, the first of which is looked at before anything of it is given.
 *
 * @param refuse throws for a file that begins so
 */
export async function* checkedFirst(
  pieces: AsyncIterable<Uint8Array>,
  refuse: (first: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  let isFirst = true
  for await (const piece of pieces) {
    if (isFirst) refuse(piece)
    isFirst = false
    yield piece
  }
}
