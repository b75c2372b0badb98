// The main job by the client that oapi-codegen makes of our description.
//
//	client URL SIMULATOR CODE DATE    (SSL_CERT_FILE: whom to trust)
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func check(err error, came bool, body []byte) {
	if err != nil || !came {
		log.Fatal(err, string(body))
	}
}

func key(name string) string { return fmt.Sprint(name, time.Now().UnixNano()) }

func main() {
	url, simulator, code := os.Args[1], os.Args[2], os.Args[3]
	var day GetAvailabilityParams
	check(day.Date.UnmarshalText([]byte(os.Args[4])), true, nil)
	day.Sport = "badminton"
	ctx := context.Background()
	api, err := NewClientWithResponses(url)
	check(err, true, nil)

	grant, err := api.CreateTokenWithFormdataBodyWithResponse(ctx,
		TokenRequest{GrantType: "urn:zhixing:wechat-code", Code: &code})
	check(err, grant.JSON200 != nil, grant.Body)
	signed := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+grant.JSON200.AccessToken)
		return nil
	}
	grid, err := api.GetAvailabilityWithResponse(ctx, 1, &day)
	check(err, grid.JSON200 != nil, grid.Body)
	wanted := OrderRequest{VenueId: 1, Date: grid.JSON200.Date}
	for _, court := range grid.JSON200.Courts {
		for nth, cell := range court.Cells {
			if cell.State == "free" && wanted.Periods == nil {
				slot := grid.JSON200.Slots[nth]
				wanted.Periods = append(wanted.Periods, struct {
					CourtId int64     `json:"court_id"`
					End     time.Time `json:"end"`
					Start   time.Time `json:"start"`
				}{court.Id, slot.End, slot.Start})
			}
		}
	}
	order, err := api.CreateOrderWithResponse(ctx, &CreateOrderParams{key("order")}, wanted, signed)
	check(err, order.JSON201 != nil, order.Body)
	id := order.JSON201.Id
	payment, err := api.CreatePaymentWithResponse(ctx, id, &CreatePaymentParams{key("pay")},
		PaymentRequest{Channel: "wechat", Method: "jsapi"}, signed)
	check(err, payment.JSON201 != nil, payment.Body)
	params, err := json.Marshal(payment.JSON201.PayParams)
	check(err, true, nil)
	_, err = http.Post(simulator+"/sim/pay", "application/json", bytes.NewReader(params))
	check(err, true, nil)
	ready, err := api.GetCheckinCodeWithResponse(ctx, id, signed)
	for n := 0; err == nil && ready.JSON200 == nil && n < 300; n++ {
		time.Sleep(100 * time.Millisecond)
		ready, err = api.GetCheckinCodeWithResponse(ctx, id, signed)
	}
	check(err, ready.JSON200 != nil, ready.Body)
	paid, err := api.GetOrderWithResponse(ctx, id, signed)
	check(err, paid.JSON200 != nil, paid.Body)
	fmt.Println(paid.JSON200.State, paid.JSON200.AmountFen, len(ready.JSON200.ShortCode))
}
