"""What the sample pages say.  Everybody and everything in here is invented.

The letters are plain ASCII, because the font that Pillow brings along has little else.  Lines are
short enough that `pages.wrap` leaves them as they are.
"""

from __future__ import annotations

LETTER = (
    """\
Brackenfield Community Hospital
Department of Cardiology
14 Orchard Lane, Brackenfield
Telephone 020 7946 0182

12 March 2025

Dear Doctor Whitcombe,

Patient: Rowan Ashby, born 7 August 1961
Hospital number: 4830 2276
Seen in clinic: 10 March 2025

Thank you for referring this retired teacher, who has felt short of breath on hills
since the autumn. He has no chest pain at rest and sleeps on one pillow. He has never
smoked and drinks a glass of wine at the weekend.

His blood pressure was 148 over 86, with a regular pulse of 72 beats per minute. The
heart sounds were normal and the chest was clear. There was slight swelling of both
ankles, which he says is worse in the evening.

The electrocardiogram showed normal rhythm with no sign of an earlier heart attack.
I have asked for an ultrasound of the heart and for the blood tests that are listed on
the next page. Until then I suggest that he continues with his present tablets.
""",
    """\
Brackenfield Community Hospital
Results for Rowan Ashby, hospital number 4830 2276

Blood taken on 10 March 2025 at 09:40

Haemoglobin 139 grams per litre, normal
White cell count 6.4, normal
Platelets 251, normal
Sodium 138 and potassium 4.3, both normal
Creatinine 94, unchanged since last year
Fasting glucose 5.9, at the upper end of normal
Cholesterol 6.2, higher than we would like

Ultrasound of the heart on 18 March 2025

The left ventricle has a normal size and pumps well, with an ejection fraction of
58 percent. The wall is slightly thickened, which fits with many years of raised blood
pressure. The valves open and close freely. The right side of the heart is normal.
No fluid was seen around the heart.

Present medicines

Amlodipine 5 mg, one tablet in the morning
Atorvastatin 20 mg, one tablet at night
Paracetamol 500 mg, two tablets when needed
""",
    """\
Plan and advice

1. Please increase amlodipine to 10 mg in the morning and measure the blood pressure
again after four weeks. The target is below 135 over 85 at home.

2. Please increase atorvastatin to 40 mg at night and repeat the cholesterol and the
liver tests in three months.

3. We have offered Mr Ashby a place in the walking group, which meets every Tuesday at
half past ten in the hospital garden. He was keen to join.

4. The swelling of the ankles may grow with the larger dose. If it becomes a nuisance,
please write to me and we will look for another medicine.

5. He does not need another appointment with us. We would be glad to see him again if
he becomes more breathless or faints.

Yours sincerely,

Doctor Helena Marchbank
Consultant Cardiologist

Dictated on 19 March 2025, typed on 20 March 2025
""",
)

PAYSLIP = (
    """\
Larkspur Printing Works Limited
Payslip for April 2025

Employee: Imogen Fairweather
Staff number: 20714
Department: Binding and Finishing
Tax code: 1257 L
Paid on: 30 April 2025 by bank transfer

Payments

Basic pay for 160 hours: 2,480.00
Overtime, 6 hours at 23.25: 139.50
Night allowance: 75.00
Total payments: 2,694.50

Deductions

Income tax: 329.30
National insurance: 131.72
Pension, 5 percent of basic pay: 124.00
Canteen: 36.40
Total deductions: 621.42

Net pay: 2,073.08 pounds

Holiday left this year: 19 days
Please report mistakes to the wages office before 9 May 2025.
""",
)

FAX = (
    """\
FACSIMILE

To: Admissions desk, Willow Court Nursing Home
From: Pharmacy, Brackenfield Community Hospital
Date: 3 April 2025
Pages: 2, with this one

Message

We are sending the list of medicines for Mrs Edith Hollis, who will arrive by
ambulance on Friday morning. Please check the list when she arrives and sign the
second page.

She needs help with her inhaler and likes to take tablets with milk. Please weigh her
once a week and call the ward if she loses more than two kilograms.

If a page is missing, telephone 020 7946 0147 and we will send the message again.
""",
    """\
Medicines for Edith Hollis, born 21 November 1938

Furosemide 40 mg, one tablet at eight in the morning
Bisoprolol 2.5 mg, one tablet at eight in the morning
Apixaban 5 mg, one tablet in the morning and one in the evening
Salbutamol inhaler, two puffs when she is short of breath
Vitamin D, one capsule every Sunday

Stopped in hospital: ibuprofen, because of her kidneys

Next blood test: Monday 14 April 2025
Checked by the pharmacist: Marcus Penhale

Received by, name and signature
Date and time
""",
)

CONTRACT = (
    """\
SERVICE AGREEMENT

between Quillon Archive Services Limited, 3 Harbour Street, Eastmere (the Provider)
and the Eastmere Museum Trust, 88 Castle Road, Eastmere (the Client)

1. Subject of the agreement

1.1 The Provider collects, scans and stores the paper records of the Client which are
listed in the schedule.

1.2 The Provider scans each page with at least 300 dots per inch and names each file by
the number on the label of its box.

1.3 The Client remains the owner of the records and of all copies made from them.

2. Term

2.1 This agreement begins on 1 June 2025 and runs for twenty-four months.
""",
    """\
3. Fees and payment

3.1 The Client pays 0.08 pounds for each scanned page and 4.50 pounds for each box that
is collected.

3.2 The Provider sends an invoice on the last working day of the month. Invoices are
due within thirty days.

3.3 Prices stay fixed for the first year. After that they may rise once a year, by no
more than the index of consumer prices.

4. Confidentiality

4.1 Each party keeps secret what it learns about the other, and uses it for no other
purpose than this agreement.

4.2 The Provider lets only named persons handle the records. It keeps a register of
these persons and shows it to the Client upon request.

4.3 These duties continue for five years after the agreement has ended.
""",
    """\
5. Loss and damage

5.1 The Provider answers for records that are lost or damaged in its care, up to an
amount of 50,000 pounds in each year.

5.2 It takes out insurance for this amount and sends proof of it to the Client every
January.

6. Closing terms

6.1 Changes to this agreement must be made in writing and signed by both parties.

6.2 The courts of Eastmere decide on disputes.

Eastmere, 16 May 2025

For the Provider: Tobias Renwick, Managing Director
For the Client: Beatrice Oakham, Chair of the Trust
""",
)

MINUTES = (
    """\
Parish council of Lower Thornby
Minutes of the meeting on 4 February 2025, first page

Present were seven members and twelve guests. The chair opened the meeting at seven
in the evening and thanked the volunteers who had cleared the footpath.

The minutes of January were approved without changes.
""",
    """\
Minutes of the meeting on 4 February 2025, second page

The treasurer reported a balance of 3,412 pounds. This page is damaged in the file, so
nobody should ever read it.
""",
    """\
Minutes of the meeting on 4 February 2025, third page

The council agreed to mend the roof of the village hall before the summer, and to ask
three builders for an offer.

The next meeting is on Tuesday 4 March. The chair closed the meeting at nine.
""",
)
