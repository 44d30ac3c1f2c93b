"""发票查验 (plan action 10): is this invoice known to the tax authority, and does it say what the paper says?

For anybody who received an invoice: buyers, accountants, consumers; no log-in, since the national platform asks none.
Legal basis: 发票管理办法 (2023 revision) art. 21 (false invoices must be recognisable) and 税务总局公告2024年第11号
(digital invoices nationwide); the platform's own rules (5 checks per invoice and day, the last 5 years, tax-control
invoices from the next day) are the platform's to enforce, we only explain its answers.
"""
