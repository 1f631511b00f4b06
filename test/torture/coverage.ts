import { cutSteps } from './orders.ts'
import type { TortureOptions } from './plan.ts'
import type { Result } from './run.ts'

/** All that went wrong in a run, and what of the plan did not come about; empty where the run proves what it is to. */
export function violationsOf(options: TortureOptions, result: Result): string[] {
  return [...result.account.violations, ...result.verdict.violations, ...missed(options, result)]
}

/** What was to be tortured, and was not: such a run proves nothing. */
function missed({ kills, cuts, stops }: TortureOptions, { account }: Result): string[] {
  const { deaths } = account
  const hits = {
    'while freezing': deaths.some(({ inFreeze }) => inFreeze),
    'with mails on the wire': deaths.some(({ inFlight }) => inFlight > 0),
    'with answers not yet written down': deaths.some(({ inSettle }) => inSettle > 0),
  }
  return [
    ...Object.entries(hits).flatMap(([phase, isHit]) => (isHit ? [] : [`no kill ${phase}`])),
    ...(deaths.length < kills ? [`${deaths.length} kills only`] : []),
    ...(stops > 0 && !account.stops.some(({ isTakenOver }) => isTakenOver)
      ? ['nobody took over from one that slept']
      : []),
    ...cutSteps.flatMap((step) =>
      (account.cuts.get(step) ?? 0) < cuts ? [`too few cuts at ${step}`] : [],
    ),
  ]
}
