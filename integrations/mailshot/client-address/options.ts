import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

/**
 * The proxies before the site, as addresses or networks: `['127.0.0.1', '10.0.0.0/8', '2001:db8::/32']`; `[]` where nothing stands
 * before it. Without it, nobody can tell a reader's address from a forged one.
 */
export const proxiesOption = z.array(z.string()).transform((ranges, context): BlockList => {
  const proxies = new BlockList()
  for (const [index, range] of ranges.entries()) {
    if (addRange(proxies, range.trim())) continue
    context.addIssue({
      code: 'custom',
      path: [index],
      message: `"${range}" is no address of a proxy, nor a network; write it like 127.0.0.1 or 10.0.0.0/8`,
    })
  }
  return proxies
})

function addRange(proxies: BlockList, range: string): boolean {
  const [network = '', bits, ...rest] = range.split('/')
  const version = isIP(network)
  if (version === 0 || rest.length > 0) return false
  const family = version === 6 ? 'ipv6' : 'ipv4'
  if (bits === undefined) proxies.addAddress(network, family)
  else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32)) {
    proxies.addSubnet(network, Number(bits), family)
  } else return false
  return true
}
