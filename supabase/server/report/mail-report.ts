import { createTransport } from 'nodemailer'
import type { ReportMail } from '../base/settings.ts'
import type { KeptReport } from './kept-reports.ts'

const words = {
  en: (area: string, period: string) => ({
    subject: `Monthly report of ${area}, ${period}`,
    text: `The monthly report of ${area} for ${period} is attached.\n`,
  }),
  'zh-CN': (area: string, period: string) => ({
    subject: `${area} ${period} 月报`,
    text: `附件为${area} ${period} 月报。\n`,
  }),
}

/** Milliseconds; a server that hangs is tried again later. */
const patience = { connectionTimeout: 20_000, greetingTimeout: 20_000, socketTimeout: 60_000 }

/** Resolves once the mail server has taken it. @throws with the mail server's words */
export async function mailReport(
  { smtpUrl, from }: ReportMail,
  to: string,
  report: KeptReport,
  pdf: Uint8Array,
): Promise<void> {
  const { areaName, period, language, name } = report
  const transport = createTransport({ url: smtpUrl, ...patience })
  try {
    const { rejected } = await transport.sendMail({
      ...words[language === 'zh-CN' ? 'zh-CN' : 'en'](areaName, period),
      ...{ from, to },
      attachments: [{ filename: name, content: Buffer.from(pdf), contentType: 'application/pdf' }],
    })
    if (rejected.length > 0) throw new Error(`${to} was refused`)
  } finally {
    transport.close()
  }
}
