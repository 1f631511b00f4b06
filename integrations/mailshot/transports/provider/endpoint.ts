/** Whether an API's address may be given the key: by https, or on this machine alone. */
export function isSafeEndpoint(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
}
