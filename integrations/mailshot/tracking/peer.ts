/** The address of whoever connected to this server; undefined where the platform does not say. */
export function peerOf(context: { readonly clientAddress: string }): string | undefined {
  try {
    return context.clientAddress
  } catch {
    // Astro throws where an adapter has none.
    return undefined
  }
}
