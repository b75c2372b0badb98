"""Members of staff: who is one, what he may do and where, and how it ends."""
import uuid

import pytest

import staffing
from entry import Phone
from house import Client, ok, refused
from staffing import ADMIN, BETTER, OPERATOR


def test_a_new_member_has_no_password_and_can_not_log_in(house, admin):
    name = staffing.new_name()
    answer = staffing.try_add(admin, username=name, phone=staffing.new_phone(house))
    member = ok(answer, 201)
    assert answer.headers["ETag"] == f'"{member["version"]}"'
    assert member == {
        "id": member["id"], "username": name, "name": "新同事", "phone": member["phone"],
        "roles": OPERATOR, "has_password": False, "must_change": False, "locked_until": None,
        "disabled_at": None, "disabled_reason": None, "created_at": member["created_at"],
        "version": 1}
    assert staffing.see(admin, member) == member
    assert house.log_in_staff(name, "x").json()["error"] == "invalid_grant"
    assert house.log_in_staff(name, "!").json()["error"] == "invalid_grant"


def test_a_new_member_with_a_phone_comes_in_by_a_text(house, admin):
    phone = Phone(house, f"152{uuid.uuid4().int % 10**8:08d}")
    member = staffing.add(admin, phone=phone.phone)
    assert not member["has_password"]
    clerk = Client(house, ok(phone.log_in_by_sms(phone.code()))["access_token"])
    assert ok(clerk.get("/api/v1/staff/me"))["id"] == member["id"]


def test_members_are_found_by_name_role_and_venue(admin):
    one = staffing.add(admin, name="王小二")
    other = staffing.add(admin, name="王小二", roles=[{"role": "editor", "venue_id": None}])

    def found(**query):
        items = ok(admin.get("/api/v1/staff/members", limit=100, **query))["items"]
        return {m["id"] for m in items} & {one["id"], other["id"]}
    assert found(name="小二") == {one["id"], other["id"]}
    assert found(name=one["username"][1:].upper()) == {one["id"]}
    assert found(name="小二", role="editor") == {other["id"]}
    assert found(name="小二", venue=1) == {one["id"]}
    assert found(name="小二", venue=2) == found(name="%") == set()


def test_the_list_has_pages(admin):
    for _ in range(3):
        staffing.add(admin, name="翻页")
    first = ok(admin.get("/api/v1/staff/members", name="翻页", limit=2))
    rest = ok(admin.get("/api/v1/staff/members", name="翻页", cursor=first["next_cursor"]))
    ids = [m["id"] for m in first["items"] + rest["items"]]
    assert len(first["items"]) == 2 and rest["next_cursor"] is None
    assert len(set(ids)) >= 3 and ids == sorted(ids)


def test_a_member_is_renamed_and_gets_another_phone(admin):
    member = staffing.add(admin)
    phone = f"137{member['id'] % 10**8:08d}"
    after = ok(staffing.put(admin, member, "", {"name": "李 雷", "phone": phone}))
    assert (after["name"], after["phone"], after["version"]) == ("李 雷", phone, 2)
    refused(staffing.try_add(admin, phone=phone), 409, "phone_taken", "phone")
    assert ok(staffing.put(admin, after, "", {"name": "李雷"}))["phone"] is None


def test_two_desks_do_not_overwrite_each_other(admin):
    member = staffing.add(admin)
    ok(staffing.put(admin, member, "", {"name": "先"}))
    refused(staffing.put(admin, member, "", {"name": "后"}), 412, "version_changed")
    refused(staffing.set_roles(admin, member, OPERATOR), 412, "version_changed")
    refused(admin.call("PUT", staffing.path_of(member), json={"name": "无"}), 428,
            "version_missing")
    assert staffing.see(admin, member)["name"] == "先"


def test_roles_and_venues_are_one_document_and_work_at_once(house, admin):
    member = staffing.member_with_password(house, admin)
    clerk = staffing.log_in(house, member, BETTER)
    assert [v["id"] for v in ok(clerk.get("/api/v1/staff/me"))["venues"]] == [1]
    now = staffing.see(admin, member)
    wanted = [{"role": "operator", "venue_id": 2}, {"role": "operator", "venue_id": 3}]
    after = ok(staffing.set_roles(admin, now, [*wanted, wanted[0], {"role": "editor"}]))
    assert after["roles"] == [{"role": "editor", "venue_id": None}, *wanted]
    assert [v["id"] for v in ok(clerk.get("/api/v1/staff/orders"))["items"]
            if v["venue_id"] == 1] == []
    after = ok(staffing.set_roles(admin, after, [{"role": "editor"}]))
    assert after["roles"] == [{"role": "editor", "venue_id": None}]
    refused(clerk.get("/api/v1/staff/orders"), 403, "forbidden")


@pytest.mark.parametrize("roles, field", [
    ([{"role": "operator"}], "roles[0].venue_id"),
    ([{"role": "admin", "venue_id": 1}], "roles[0].venue_id"),
    ([*OPERATOR, {"role": "editor", "venue_id": 1}], "roles[1].venue_id"),
    ([*OPERATOR, {"role": "chef"}], "roles[1].role"),
    ([{"venue_id": 1}], "roles[0].role"),
    ([*OPERATOR] * 51, "roles"), ([], "roles"),
])
def test_a_role_that_can_not_be_is_named(admin, roles, field):
    refused(staffing.try_add(admin, roles=roles), 422, "bad_field", field)
    member = staffing.add(admin)
    refused(staffing.set_roles(admin, member, roles), 422, "bad_field", field)
    assert staffing.see(admin, member) == member


def test_an_unknown_venue_is_named(admin):
    member, nowhere = staffing.add(admin), [*OPERATOR, {"role": "operator", "venue_id": 999999}]
    for answer in (staffing.try_add(admin, roles=nowhere),
                   staffing.set_roles(admin, member, nowhere)):
        refused(answer, 404, "venue_not_found", "roles[1].venue_id")


@pytest.mark.parametrize("more, field", [
    ({"username": "wa\u200bng"}, "username"), ({"username": "1wang"}, "username"),
    ({"username": "w"}, "username"), ({"username": "w" * 33}, "username"),
    ({"username": "王小二"}, "username"), ({"username": "wang li"}, "username"),
    ({"name": " \u3000"}, "name"), ({"name": "a\u202eb"}, "name"), ({"name": "a\tb"}, "name"),
    ({"name": "x" * 33}, "name"), ({"phone": "12345678901"}, "phone"),
    ({"phone": "1381234567"}, "phone"),
])
def test_a_bad_field_is_named(admin, more, field):
    refused(staffing.try_add(admin, **more), 422, "bad_field", field)


def test_a_username_belongs_to_one(admin):
    member = staffing.add(admin)
    refused(staffing.try_add(admin, username=member["username"]), 409, "name_taken", "username")
    for alike in (member["username"].upper(), f" {member['username']}\u3000",
                  member["username"].replace("m", "\uff2d")):
        refused(staffing.try_add(admin, username=alike), 409, "name_taken", "username")


def test_a_username_is_the_same_in_capitals_and_between_blanks(house, admin):
    name = staffing.new_name()[:24]
    member = staffing.add(admin, username=f" {name.upper()} ")
    assert member["username"] == name
    assert staffing.give_password(admin, member, BETTER).status_code == 204
    for typed in (name, name.upper(), f"{name} ", f"\u3000{name.capitalize()}"):
        answer = house.log_in_staff(typed, BETTER)
        assert answer.status_code == 200, (typed, answer.text)
    for typed in (f"{name[0]} {name[1:]}", f"{name}\u200b", "\u3000"):
        assert house.log_in_staff(typed, BETTER).json()["error"] == "invalid_grant"


def test_a_disabled_member_is_out_at_once(house, admin):
    member = staffing.member_with_password(house, admin)
    clerk = staffing.log_in(house, member, BETTER)
    ok(clerk.get("/api/v1/staff/me"))
    after = ok(staffing.disable(admin, member))
    assert after["disabled_at"] and after["disabled_reason"] == "离职"
    refused(clerk.get("/api/v1/staff/me"), 401, "session_ended")
    assert house.log_in_staff(member["username"], BETTER).json()["error"] == "invalid_grant"
    assert house.db.value("SELECT ended_why FROM session WHERE account_id = %s"
                          " ORDER BY created_at DESC LIMIT 1", member["id"]) == "disabled"
    assert ok(staffing.disable(admin, member, "again")) == after
    after = ok(staffing.enable(admin, member))
    assert after["disabled_at"] is None and after["disabled_reason"] is None
    refused(clerk.get("/api/v1/staff/me"), 401, "session_ended")  # the old login stays ended
    ok(staffing.log_in(house, member, BETTER).get("/api/v1/staff/me"))


def test_nobody_disables_himself_or_takes_his_own_admin_role(admin):
    me = {"id": ok(admin.get("/api/v1/staff/me"))["id"]}
    me = staffing.see(admin, me)
    refused(staffing.disable(admin, me), 409, "own_account")
    refused(staffing.set_roles(admin, me, OPERATOR), 409, "own_account")
    refused(staffing.give_password(admin, me), 409, "own_account")
    refused(staffing.remove(admin, me), 409, "own_account")
    assert staffing.see(admin, me) == me


def test_one_admin_who_can_log_in_is_left(house, admin):
    """What the API can't do alone, because nobody removes himself, the database refuses."""
    staffing.add(admin, roles=ADMIN)  # he has no password: not one who could help
    for sql in ("UPDATE account SET disabled_at = now()", "DELETE FROM account_role",
                "UPDATE staff_login SET password_hash = '!'", "DELETE FROM staff_login"):
        with pytest.raises(Exception, match="no admin would be left"):
            house.db.run(sql)
    ok(admin.get("/api/v1/staff/me"))


def test_another_admin_may_go(house, admin):
    other = staffing.member_with_password(house, admin, roles=ADMIN)
    theirs = staffing.log_in(house, other, BETTER)
    ok(theirs.get("/api/v1/staff/members"))
    other = staffing.see(admin, other)
    after = ok(staffing.set_roles(admin, other, OPERATOR))
    refused(theirs.get("/api/v1/staff/members"), 403, "forbidden")
    ok(staffing.disable(admin, after))


def test_roles_are_listed_with_their_permissions(admin):
    roles = {r["code"]: r for r in ok(admin.get("/api/v1/staff/roles"))["items"]}
    assert set(roles) == {"admin", "editor", "manager", "operator"}
    assert [roles[r]["at_venue"] for r in sorted(roles)] == [False, False, True, True]
    assert roles["operator"]["name"] == "前台" and "checkin" in roles["operator"]["permissions"]
    assert "member" in roles["admin"]["permissions"]
    assert "member" not in roles["operator"]["permissions"] + roles["editor"]["permissions"]


def test_the_desk_manages_no_members(house, admin, front, customer):
    member = staffing.add(admin)
    for who in (front, customer):
        for answer in (who.get("/api/v1/staff/members"), who.get(staffing.path_of(member)),
                       who.get("/api/v1/staff/roles"), staffing.try_add(who),
                       staffing.put(who, member, "", {"name": "x"}),
                       staffing.set_roles(who, member, ADMIN), staffing.disable(who, member),
                       staffing.enable(who, member), staffing.give_password(who, member),
                       staffing.remove(who, member)):
            refused(answer, 403, "forbidden")
    assert staffing.see(admin, member) == member


def test_who_is_not_a_member_is_not_there(admin, customer):
    for number in (customer.account_id, 7):
        nobody = {"id": number, "version": 1}
        refused(admin.get(staffing.path_of(nobody)), 404, "not_found")
        refused(staffing.put(admin, nobody, "", {"name": "x"}), 404, "not_found")
        refused(staffing.set_roles(admin, nobody, OPERATOR), 404, "not_found")
        refused(staffing.disable(admin, nobody), 404, "not_found")
        refused(staffing.enable(admin, nobody), 404, "not_found")
        refused(staffing.give_password(admin, nobody), 404, "not_found")
        refused(staffing.remove(admin, nobody), 404, "not_found")


def test_the_same_key_adds_one_member(house, admin):
    body = {"username": staffing.new_name(), "name": "一次", "roles": OPERATOR}
    said = [admin.post("/api/v1/staff/members", body, key=body["username"]) for _ in range(2)]
    assert said[0].status_code == 201 and said[0].content == said[1].content
