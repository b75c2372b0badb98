-- Free hours: schools open their halls, mornings cost nothing. An order of 0 fen is paid
-- in the moment in which it is made, and no channel hears of it (lib/order/order.c).
ALTER TABLE price_rule DROP CONSTRAINT price_rule_fen;
ALTER TABLE price_rule ADD CONSTRAINT price_rule_fen CHECK (hour_fen BETWEEN 0 AND 10000000 AND hour_fen % 2 = 0);
