// Starts both panels, and on narrow screens shows one of them at a time.

import { customer_start } from "./customer.js";
import { desk_start } from "./desk.js";
import { fate_start } from "./fate.js";

const TAB = "zx.tab";
const PARTIES = ["customer", "desk"];

const wide = matchMedia("(min-width: 900px)");

function tab_show(party) {
	sessionStorage.setItem(TAB, party);
	for (const name of PARTIES) {
		const is_shown = name === party;
		const tab = document.getElementById(`tab-${name}`);
		tab.setAttribute("aria-selected", String(is_shown));
		tab.tabIndex = is_shown ? 0 : -1;
		document.getElementById(name).hidden = !is_shown && !wide.matches;
	}
}

function tabs_start() {
	const shown = () => sessionStorage.getItem(TAB) ?? PARTIES[0];
	for (const name of PARTIES) {
		const tab = document.getElementById(`tab-${name}`);
		tab.addEventListener("click", () => tab_show(name));
		tab.addEventListener("keydown", (event) => {
			if (event.key !== "ArrowLeft" && event.key !== "ArrowRight")
				return;
			tab_show(PARTIES.find((other) => other !== name));
			document.getElementById(`tab-${shown()}`).focus();
		});
	}
	wide.addEventListener("change", () => tab_show(shown()));
	tab_show(shown());
}

tabs_start();
customer_start(document.getElementById("customer"));
desk_start(document.getElementById("desk"));
fate_start(document.getElementById("fate"), document.getElementById("stage"));
