"""All tables, one module per part of the story; constraints live here."""

from app.models.assessment import (
    Assessment,
    Benchmark,
    Cause,
    CauseTask,
    Criterion,
    Field_,
    Measure,
    MeasureAgency,
    MeasureTask,
)
from app.models.base import table
from app.models.desk import CalendarFeed, DocumentTemplate, Draft, LoginSession, PasswordLink, TryCount, Workbook
from app.models.messages import Delivery, Digest, DigestItem, ReminderRun
from app.models.people import (
    Account,
    Agency,
    AgencyName,
    ApiKey,
    Contact,
    DayOverride,
    Meta,
    Province,
    Succession,
)
from app.models.second_factor import HalfSignIn, RecoveryCode, SecondFactor
from app.models.work import (
    Direction,
    Event,
    Evidence,
    EvidenceTask,
    ExtensionRequest,
    IdempotentAnswer,
    Report,
    Review,
    Seal,
    Share,
    Snapshot,
    Submission,
    Task,
    TaskCooperator,
)

meta = table(Meta)
provinces = table(Province)
agencies = table(Agency)
agency_names = table(AgencyName)
successions = table(Succession)
accounts = table(Account)
api_keys = table(ApiKey)
contacts = table(Contact)
day_overrides = table(DayOverride)
assessments = table(Assessment)
fields = table(Field_)
criteria = table(Criterion)
benchmarks = table(Benchmark)
causes = table(Cause)
cause_tasks = table(CauseTask)
measures = table(Measure)
measure_tasks = table(MeasureTask)
measure_agencies = table(MeasureAgency)
tasks = table(Task)
task_cooperators = table(TaskCooperator)
reports = table(Report)
submissions = table(Submission)
reviews = table(Review)
extension_requests = table(ExtensionRequest)
directions = table(Direction)
shares = table(Share)
evidence = table(Evidence)
evidence_tasks = table(EvidenceTask)
events = table(Event)
seals = table(Seal)
snapshots = table(Snapshot)
idempotent_answers = table(IdempotentAnswer)
reminder_runs = table(ReminderRun)
digests = table(Digest)
digest_items = table(DigestItem)
deliveries = table(Delivery)
login_sessions = table(LoginSession)
try_counts = table(TryCount)
password_links = table(PasswordLink)
second_factors = table(SecondFactor)
recovery_codes = table(RecoveryCode)
half_sign_ins = table(HalfSignIn)
drafts = table(Draft)
calendar_feeds = table(CalendarFeed)
workbooks = table(Workbook)
document_templates = table(DocumentTemplate)
metadata = tasks.metadata
