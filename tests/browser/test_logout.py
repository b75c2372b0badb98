"""Who logs out leaves nothing behind on a machine that others use."""
PHONE = "13912345678"
LEFT = ("return JSON.stringify(Object.entries(sessionStorage).concat(Object.entries(localStorage),"
        " [[document.cookie, '']]).filter(([name]) => !name.startsWith('zx.customer')))")


def test_a_desk_that_logs_out_leaves_nothing_behind(counter, password):
    counter.as_desk()
    if counter.shown("#desk .tabs"):
        counter.desk_logout()
    counter.desk_login("desk1", password)
    counter.desk_view("orders")
    counter.type("#desk [name=phone]", PHONE)
    counter.tap_on("#desk .search button")
    counter.wait("#desk .empty", "没有找到")
    counter.desk_view("checkin")
    counter.desk_view("orders")  # the search is still there
    assert counter.wait("#desk [name=phone]").get_attribute("value") == PHONE
    assert PHONE not in counter.driver.execute_script(LEFT)
    counter.desk_logout()
    left = counter.driver.execute_script(LEFT)
    assert "zx.desk" not in left and PHONE not in left
    assert PHONE not in counter.driver.page_source
    counter.desk_login("desk1", password)
    counter.desk_view("orders")
    assert counter.wait("#desk [name=phone]").get_attribute("value") == ""
