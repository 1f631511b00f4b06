import { cutSteps } from './orders.ts'
import type { TortureOptions } from './plan.ts'
import type { Result } from './run.ts'

/** All that went wrong in a run, and what of the plan did not come about; empty where the run proves what it is to. */
export function violationsOf(options: TortureOptions, result: Result): string[] {
  return [...result.account.violations, ...result.verdict.violations, ...missed(options, result)]
}

/** What was to be tortured, and was not: such a run proves nothing. */
function missed(options: TortureOptions, { account }: Result): string[] {
  const { kills, cuts, stops } = options
  const { deaths, byHand, rests } = account
  const hits = {
    'while freezing': deaths.some(({ inFreeze }) => inFreeze),
    'with mails on the wire': deaths.some(({ inFlight }) => inFlight > 0),
    'with answers not yet written down': deaths.some(({ inSettle }) => inSettle > 0),
  }
  return [
    ...Object.entries(hits).flatMap(([phase, isHit]) =>
      // So few may miss one.
      isHit || kills < 8 ? [] : [`no kill ${phase}`],
    ),
    ...(deaths.length < kills ? [`${deaths.length} kills only`] : []),
    ...(stops > 0 && !account.stops.some(({ isTakenOver }) => isTakenOver)
      ? ['nobody took over from one that slept']
      : []),
    ...(byHand.cancels < options.cancels ? [`${byHand.cancels} cancels only`] : []),
    ...(options.settles > 0 && byHand.settledAsSent + byHand.settledAsFailed === 0
      ? ['nobody was settled by hand']
      : []),
    ...(rests.length < options.rests ? [`${rests.length} rests only`] : []),
    ...cutSteps.flatMap((step) =>
      (account.cuts.get(step) ?? 0) < cuts ? [`too few cuts at ${step}`] : [],
    ),
  ]
}
