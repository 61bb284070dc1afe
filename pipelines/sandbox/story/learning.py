"""What buyers of the express course did on the learning platform.

What they paid belongs to `sales.py`.
"""

from datetime import datetime, timedelta

from pipelines.sandbox.story.deals import EXPRESS, WON, Deal
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.people import Person
from pipelines.sandbox.story.world import Row

STUDENTS, UNLOCKS, PROGRESS, HOMEWORKS, VIDEOS = 92, 107, 33, 75, 20
STUDENT_PROGRESS, PROFILES, CERTIFICATES = 3, 5, 3
MODULES, LESSONS = (16, 17, 18), (67, 68, 69)


def tell_learning(draft: Draft) -> None:
    """Enrol the buyers, and let some of them learn."""
    dice = draft.dice("learning")
    _courses(draft)
    students = _enrol(draft, dice)
    _unlocks(draft, dice, students)
    _lessons(draft, dice, students)
    _videos(draft, dice, students)
    _homeworks(draft, dice, students)
    _graduates(draft, dice, students)


def _courses(draft: Draft) -> None:
    draft.add("tripwire", "courses", {"id": 9, "title": "Express Course"})
    for order, (module, lesson) in enumerate(zip(MODULES, LESSONS, strict=True), 1):
        draft.add(
            "tripwire",
            "modules",
            {"id": module, "course_id": 9, "title": f"Module {order}",
             "order_index": order},
        )  # fmt: skip
        draft.add(
            "tripwire",
            "lessons",
            {"id": lesson, "module_id": module, "title": f"Lesson {order}",
             "order_index": order},
        )  # fmt: skip


def _enrol(draft: Draft, dice: Dice) -> list[Row]:
    won = [
        deal
        for deal in draft.deals
        if deal.status == WON and deal.pipeline == EXPRESS and deal.closed_at
    ]
    won.sort(key=lambda deal: (deal.updated_at, deal.deal_id))
    for number in range(STUDENTS * draft.options.scale):
        # The last ones were given access without a deal.
        deal = won[number] if number < len(won) else None
        _student(draft, dice, deal)
    return draft.rows("tripwire", "tripwire_users")


def _student(draft: Draft, dice: Dice, deal: Deal | None) -> None:
    person = deal.person if deal else draft.crowd.newcomer()
    granted_at = deal.updated_at if deal else draft.calendar.ago(12)
    created_at = min(dice.later(granted_at, 0.1, 20), draft.options.now)
    user_id = dice.uuid()
    _account(draft, user_id, person, created_at)
    first_login = dice.later(created_at, 0.2, 50)
    has_login = dice.chance(0.7) and draft.calendar.is_past(first_login)
    # Some managers typed the mail instead of the deal.
    deal_id = str(deal.deal_id) if deal and dice.chance(0.85) else None
    draft.add(
        "tripwire",
        "tripwire_users",
        {
            "id": dice.uuid(),
            "user_id": user_id,
            "email": person.email.upper() if dice.chance(0.1) else person.email,
            "full_name": person.name,
            "manager_name": "Manager Sample1",
            "generated_password": "canary-secret-generated-password",
            "first_login_at": first_login if has_login else None,
            "last_active_at": first_login if has_login else None,
            "modules_completed": 0,
            "status": "active",
            "price": 5000,
            "amocrm_deal_id": deal_id,
            "amocrm_contact_id": str(person.contact_id),
            "created_at": created_at,
            "updated_at": first_login if has_login else created_at,
        },
    )


def _account(draft: Draft, user_id: str, person: Person, created_at: datetime) -> None:
    draft.add(
        "tripwire",
        "users",
        {
            "id": user_id,
            "email": person.email,
            "full_name": person.name,
            "role": "student",
            "platform": "tripwire",
            "telegram_link_token": "canary-secret-telegram-token",
            "created_at": created_at,
            "updated_at": created_at,
        },
    )


def _unlocks(draft: Draft, dice: Dice, students: list[Row]) -> None:
    count = UNLOCKS * draft.options.scale
    pairs = [(student, MODULES[0]) for student in students]
    pairs += [(student, MODULES[1]) for student in students[: count - len(pairs)]]
    for student, module in pairs[:count]:
        unlocked_at = dice.later(student["created_at"], 0.1, 20)
        draft.add(
            "tripwire",
            "module_unlocks",
            {
                "id": dice.uuid(),
                "user_id": student["user_id"],
                "module_id": module,
                "unlocked_at": min(unlocked_at, draft.options.now),
            },
        )


def _lessons(draft: Draft, dice: Dice, students: list[Row]) -> None:
    scale = draft.options.scale
    for number in range(PROGRESS * scale):
        student = students[number // 3]
        done = number // 3 < CERTIFICATES * scale or number % 3 == 0
        # Some rows belong to guests who never enrolled.
        guest = f"guest-{number}" if number % 11 == 10 else student["id"]
        moment = min(dice.later(student["created_at"], 1, 90), draft.options.now)
        draft.add(
            "tripwire",
            "tripwire_progress",
            {
                "id": dice.uuid(),
                "tripwire_user_id": guest,
                "lesson_id": LESSONS[number % 3],
                "module_id": MODULES[number % 3],
                "is_completed": done,
                "completion_percentage": 100 if done else dice.randint(5, 70),
                "video_progress_percent": 100 if done else dice.randint(5, 70),
                "watch_time_seconds": dice.randint(60, 1800),
                "completed_at": moment if done else None,
                "created_at": student["created_at"],
                "updated_at": moment,
            },
        )


def _videos(draft: Draft, dice: Dice, students: list[Row]) -> None:
    scale = draft.options.scale
    for number in range(VIDEOS * scale):
        student = students[number]
        watched = dice.randint(10, 100)
        draft.add(
            "tripwire",
            "video_tracking",
            {
                "id": dice.uuid(),
                "user_id": student["user_id"],
                "lesson_id": LESSONS[number % 3],
                "watch_percentage": watched,
                "total_watched_seconds": watched * 9,
                "video_duration_seconds": 900,
                "is_qualified_for_completion": watched >= 80,
                "updated_at": student["updated_at"],
            },
        )
    for number in range(STUDENT_PROGRESS * scale):
        student = students[number]
        draft.add(
            "tripwire",
            "student_progress",
            {
                "id": dice.uuid(),
                "user_id": student["user_id"],
                "module_id": MODULES[0],
                "lesson_id": LESSONS[0],
                "status": ("completed", "in_progress", "not_started")[number % 3],
                "started_at": student["created_at"],
                "created_at": student["created_at"],
                "updated_at": student["updated_at"],
            },
        )


def _homeworks(draft: Draft, dice: Dice, students: list[Row]) -> None:
    for number in range(HOMEWORKS * draft.options.scale):
        student = students[number % len(students)]
        moment = min(dice.later(student["created_at"], 5, 90), draft.options.now)
        draft.add(
            "tripwire",
            "lesson_homework",
            {
                "id": dice.uuid(),
                "user_id": student["user_id"],
                "lesson_id": LESSONS[0],
                "homework_text": "canary-pii-homework",
                "status": "submitted",
                "submitted_at": moment,
                "updated_at": moment,
            },
        )


def _graduates(draft: Draft, dice: Dice, students: list[Row]) -> None:
    scale = draft.options.scale
    for number, student in enumerate(students[: PROFILES * scale]):
        has_certificate = number < CERTIFICATES * scale
        issued_at = student["created_at"] + timedelta(days=4)
        profile = {
            "id": dice.uuid(),
            "user_id": student["user_id"],
            "total_modules": 3,
            "modules_completed": 3 if has_certificate else 1,
            "completion_percentage": 100 if has_certificate else 33,
            "certificate_issued": has_certificate,
            "certificate_issued_at": issued_at if has_certificate else None,
            "created_at": student["created_at"],
            "updated_at": issued_at,
        }
        draft.add("tripwire", "tripwire_user_profile", profile)
        if has_certificate:
            student |= {"modules_completed": 3, "status": "completed"}
            certificate = {
                "id": dice.uuid(),
                "user_id": student["user_id"],
                "certificate_number": f"S-{number + 1:05d}",
                "full_name": student["full_name"],
                "certificate_url": "https://school.example/certificate",
                "issued_at": issued_at,
            }
            draft.add("tripwire", "tripwire_certificates", certificate)
            draft.add(
                "tripwire",
                "user_achievements",
                {"id": dice.uuid(), "user_id": student["user_id"],
                 "achievement_id": "tripwire_graduate", "unlocked_at": issued_at},
            )  # fmt: skip
        draft.add(
            "tripwire",
            "user_statistics",
            {"user_id": student["user_id"], "lessons_completed": number,
             "total_time_spent": 600 * number, "updated_at": issued_at},
        )  # fmt: skip
