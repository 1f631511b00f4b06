// Who opens mails and follows links without a person asking for it. Looked at for what kind it is, in this order.

/** A prefetch loads before anybody looks, a proxy hides who does, a scanner looks for harm, a program is any other. */
export type MachineKind = 'prefetch' | 'proxy' | 'scanner' | 'program'

/** By what they call themselves in User-Agent. */
export const machineAgents: readonly { kind: MachineKind; who: string; agent: RegExp }[] = [
  // Apple's Mail Privacy Protection loads all images on delivery, with an agent cut short to this.
  { kind: 'prefetch', who: 'apple', agent: /^Mozilla\/5\.0$/ },
  // Gmail looks at mails on delivery under a browser of 2015; its proxy when they are opened.
  {
    kind: 'prefetch',
    who: 'gmail',
    agent: /Chrome\/42\.0\.2311\.135 Safari\/537\.36 Edge\/12\.246/,
  },
  { kind: 'proxy', who: 'gmail', agent: /GoogleImageProxy|via ggpht\.com/i },
  { kind: 'proxy', who: 'yahoo', agent: /YahooMailProxy|YahooCacheSystem/i },
  { kind: 'proxy', who: 'duckduckgo', agent: /DuckDuckGo-Email|Email Protection/i },
  {
    kind: 'scanner',
    who: 'microsoft',
    agent: /Microsoft Office Existence Discovery|BingPreview|SafeLinks/i,
  },
  { kind: 'scanner', who: 'barracuda', agent: /Barracuda/i },
  { kind: 'scanner', who: 'mimecast', agent: /Mimecast/i },
  { kind: 'scanner', who: 'proofpoint', agent: /Proofpoint|UrlDefense/i },
  { kind: 'scanner', who: 'cloudmark', agent: /Cloudmark/i },
  { kind: 'scanner', who: 'symantec', agent: /Symantec|MessageLabs/i },
  { kind: 'scanner', who: 'trendmicro', agent: /TrendMicro|Trend Micro/i },
  { kind: 'scanner', who: 'fireeye', agent: /FireEye|Trellix/i },
  { kind: 'scanner', who: 'cisco', agent: /IronPort|Cisco Secure/i },
  { kind: 'scanner', who: 'sophos', agent: /Sophos/i },
  { kind: 'scanner', who: 'spamassassin', agent: /SpamAssassin|rspamd/i },
  { kind: 'scanner', who: 'google', agent: /Google-Safety|GoogleSafeBrowsing/i },
  { kind: 'scanner', who: 'urlscan', agent: /urlscan|VirusTotal|Vade/i },
  {
    kind: 'program',
    who: 'preview',
    agent: /Slackbot|TelegramBot|WhatsApp\/|Discordbot|facebookexternalhit|SkypeUriPreview/i,
  },
  {
    kind: 'program',
    who: 'headless',
    agent: /HeadlessChrome|PhantomJS|Puppeteer|Playwright|Selenium/i,
  },
  {
    kind: 'program',
    who: 'library',
    agent:
      /^(?:curl|Wget|python|Go-http-client|Java|okhttp|axios|node|undici|libwww-perl|Ruby|PHP|Apache-HttpClient|aiohttp|Scrapy)\b/i,
  },
  {
    kind: 'program',
    who: 'crawler',
    // CUBOT makes phones.
    agent: /(?<!cu)bot\b|crawler|spider|scanner|link ?check|monitoring/i,
  },
]

/**
 * By where they come from, as their owners had it in November 2026: Apple's own network (its registration); Google's image proxy
 * (google-proxy-* by reverse name, inside the ranges of Google's SPF record); Microsoft's Exchange Online Protection
 * (learn.microsoft.com, "Microsoft 365 URLs and IP address ranges", ids 9 and 10, version 2026081400); Barracuda (its allow list);
 * Mimecast (what AS30031 announces) and Proofpoint (its registrations). Left out on purpose are the ranges of iCloud Private Relay
 * (mask-api.icloud.com/egress-ip-ranges.csv) and those of clouds: people come from there too, and what Apple prefetches says so by its
 * agent.
 */
export const machineRanges: readonly {
  kind: MachineKind
  who: string
  ranges: readonly string[]
}[] = [
  { kind: 'prefetch', who: 'apple', ranges: ['17.0.0.0/8', '2620:149::/32'] },
  { kind: 'proxy', who: 'gmail', ranges: ['66.102.0.0/20', '66.249.80.0/20', '74.125.208.0/20'] },
  {
    kind: 'scanner',
    who: 'microsoft',
    ranges: [
      '40.92.0.0/15',
      '40.107.0.0/16',
      '52.100.0.0/14',
      '52.238.78.88/32',
      '104.47.0.0/17',
      '2a01:111:f400::/48',
      '2a01:111:f403::/48',
    ],
  },
  { kind: 'scanner', who: 'barracuda', ranges: ['64.235.144.0/20', '209.222.80.0/21'] },
  {
    kind: 'scanner',
    who: 'mimecast',
    ranges: [
      '63.128.21.0/24',
      '170.10.128.0/22',
      '170.10.132.0/23',
      '205.139.110.0/23',
      '207.211.30.0/24',
      '216.205.24.0/24',
    ],
  },
  { kind: 'scanner', who: 'proofpoint', ranges: ['67.231.144.0/20', '148.163.128.0/19'] },
]
