"""A casebook of many cases, made inside the database: rows as the projections leave them, without their events."""

import asyncpg

from services.casebook.projections import schemas
from services.casebook.tables import MODELS, SHADOW

CASES = """
    INSERT INTO shadow.case_list (case_id, tracking_code, customer_id, channel, subject, opened_at, answer_due,
        messages_in, messages_out, last_heard_at, last_answer_at, kind, tone, urgency, language, outcome,
        exceptions, exceptions_open)
    SELECT md5('case' || n)::uuid, 'RC-' || upper(substr(md5('code' || n), 1, 8)), md5('customer' || n / 3)::uuid,
        (ARRAY['email', 'chat', 'phone', 'web', 'review'])[1 + n % 5],
        (ARRAY['refund', 'delivery', 'broken', 'invoice'])[1 + n % 4] || ' of order ' || n,
        at, at + interval '1 day', 2, 1, at + n % 7 * interval '1 hour', at + n % 5 * interval '1 hour',
        (ARRAY['unfounded_demand', 'buyers_remorse', 'technical_issue', 'negative_review', 'other'])[1 + n * 7 % 5],
        (ARRAY['calm', 'calm', 'calm', 'frustrated', 'angry', 'abusive'])[1 + n * 11 % 6], 'normal', 'en',
        CASE WHEN n < $1 * 0.9 THEN 'closed' WHEN n % 3 = 0 THEN 'resolved' END,
        n % 2, (n % 20 = 1 AND n > $1 * 0.9)::int
    FROM (SELECT n, timestamptz '2024-01-01 00:00+00' + n * interval '3 minutes' AS at
          FROM generate_series(1, $1::int) n) s"""
# As the search blinds with a vault that is OpenlyBlind.
SEARCH = """
    INSERT INTO shadow.case_search (case_id, words)
    SELECT case_id, string_agg(
        translate(encode(substr(decode(md5('word ' || left(word, n)), 'hex'), 1, 6), 'base64'), '+/', '-_'), ' ')
    FROM shadow.case_list, unnest(string_to_array(subject, ' ')) word,
        generate_series(least(3, length(word)), length(word)) n
    GROUP BY case_id"""
TIMELINE = """
    INSERT INTO shadow.case_timeline (log, log_part, position, event_id, case_id, type, recorded_at, actor, via, line,
        correlation_id, customer_id)
    SELECT (ARRAY['intake', 'triage', 'approvals', 'followup'])[1 + k], n % 8, n / 8 + 1, md5(n || '/' || k)::uuid,
        md5('case' || n)::uuid, 'intake.message_received.v1',
        timestamptz '2024-01-01 00:00+00' + n * interval '3 minutes' + k * interval '1 second', 'door', 'smtp',
        'The customer wrote by email: where is my money', md5('cause' || n)::uuid,
        md5('customer' || n / 3)::uuid
    FROM generate_series(1, $1::int) n, generate_series(0, 3) k"""
INBOX = """
    INSERT INTO shadow.approval_inbox (exception_id, case_id, request_id, kind, policy, policy_version, clause,
        clause_text, deviation, reason, proposed_by, required_role, language, quorum, voices_needed, requested_at,
        deadline, state, decided_by)
    SELECT md5('exception' || n)::uuid, md5('case' || n)::uuid, md5('request' || n)::uuid, 'unfounded_demand', 'shop',
        '3', 'returns', 'text', 'refund', 'appeals', 'rules', (ARRAY['supervisor', 'manager'])[1 + n % 2], 'en', 'any',
        1, at, at + interval '8 hours', CASE WHEN n < $1 * 0.98 THEN 'approved' ELSE 'requested' END, '["max"]'
    FROM (SELECT n, timestamptz '2024-01-01 00:00+00' + n * interval '3 minutes' AS at
          FROM generate_series(1, $1::int) n) s"""
BOARD = """
    INSERT INTO shadow.promise_board (promise_id, case_id, customer_id, what, made_at, due, at_risk_from, made_by,
        backing, backing_reference, state)
    SELECT md5('promise' || n)::uuid, md5('case' || n)::uuid, md5('customer' || n / 3)::uuid, 'refund', at,
        at + interval '5 days', at + interval '4 days', 'rules', 'decision', 'x',
        CASE WHEN n < $1 * 0.97 THEN 'kept' ELSE (ARRAY['made', 'at_risk', 'broken'])[1 + n % 3] END
    FROM (SELECT n, timestamptz '2024-01-01 00:00+00' + n * interval '3 minutes' AS at
          FROM generate_series(1, $1::int) n) s"""
CUSTOMERS = """
    INSERT INTO shadow.customer (customer_id, name, known_since)
    SELECT md5('customer' || n)::uuid, 'Kim ' || n, timestamptz '2024-01-01 00:00+00'
    FROM generate_series(0, $1::int / 3) n"""
ADDRESSES = """
    INSERT INTO shadow.customer_address (log, log_part, position, customer_id, address_kind, address, known_since)
    SELECT 'intake', n % 8, n, md5('customer' || n)::uuid, 'email', 'kim' || n || '@example.org',
        timestamptz '2024-01-01 00:00+00' FROM generate_series(0, $1::int / 3) n"""
ADDRESSES_BLINDED = """
    INSERT INTO shadow.address_search (customer_id, version, address)
    SELECT md5('customer' || n)::uuid, 1,
        translate(encode(decode(md5('address kim' || n || '@example.org'), 'hex'), 'base64'), '+/', '-_')
    FROM generate_series(0, $1::int / 3) n"""
MEASURES = """
    INSERT INTO shadow.conduct_measure (customer_id, measure_id, case_id, measure, category, reason, told, taken_by,
        role, taken_at, review_on, state, review_due, appealed)
    SELECT md5('customer' || n)::uuid, md5('measure' || n)::uuid, md5('case' || n)::uuid, 'warning', 'demands', 'many',
        'please', 'sue', 'supervisor', timestamptz '2024-01-01 00:00+00', date '2024-06-01' + n % 90,
        CASE WHEN n % 50 = 0 THEN 'in_force' ELSE 'lifted' END, n % 100 = 0, false
    FROM generate_series(0, $1::int / 3) n"""
NEEDS = """
    INSERT INTO shadow.support_need (customer_id, need_id, case_id, driver, support, source, noted_by, consent,
        review_on, noted_at, removed)
    SELECT md5('customer' || n)::uuid, md5('need' || n)::uuid, md5('case' || n)::uuid, 'health', 'large letters',
        'observed', 'ana', true, date '2024-06-01', timestamptz '2024-01-01 00:00+00', false
    FROM generate_series(0, $1::int / 3) n"""
COUNTERS = """
    INSERT INTO shadow.counter (day, name, label, log_part, number)
    SELECT date '2024-01-01' + d, 'messages_in', 'label' || l, p, 7
    FROM generate_series(0, 400) d, generate_series(1, 20) l, generate_series(0, 7) p"""


async def fill(owner: asyncpg.Connection, cases: int) -> None:
    """Put a casebook of so many cases in live's place, with the indexes and statistics of a rebuilt one."""
    await schemas.make(owner, SHADOW)
    for statement in (CASES, TIMELINE, INBOX, BOARD, CUSTOMERS, ADDRESSES, ADDRESSES_BLINDED, MEASURES, NEEDS):
        await owner.execute(statement, cases)
    for statement in (SEARCH, COUNTERS, *schemas.indexing(SHADOW)):
        await owner.execute(statement)
    for model in MODELS:
        await owner.execute(f"VACUUM (ANALYZE) shadow.{model.name}")
    await schemas.grant(owner, SHADOW, "casebook")
    async with owner.transaction():
        await schemas.switch(owner)
