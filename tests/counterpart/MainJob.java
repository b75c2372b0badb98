// The main job by the client that openapi-generator makes of our description.
//	MainJob URL SIMULATOR CODE DATE    (javax.net.ssl.trustStore: whom to trust)

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.LocalDate;
import java.util.List;
import java.util.UUID;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.AuthApi;
import org.openapitools.client.api.CheckinCodesApi;
import org.openapitools.client.api.OrdersApi;
import org.openapitools.client.api.VenuesApi;
import org.openapitools.client.model.*;

class MainJob {
	/** The fields of a form are parameters, and there may be more of them one day. */
	static Token logIn(AuthApi auth, String code) throws Exception {
		for (var method : AuthApi.class.getMethods()) {
			var fields = new Object[method.getParameterCount()];
			if (!method.getName().equals("createToken")
				|| !List.of(method.getParameterTypes()).stream().allMatch(String.class::equals))
				continue;
			fields[0] = "urn:zhixing:wechat-code";
			fields[1] = code;
			return (Token) method.invoke(auth, fields);
		}
		throw new IllegalStateException("no createToken");
	}

	static OrderRequestPeriodsInner firstFree(Availability grid) {
		for (var court : grid.getCourts())
			for (int nth = 0; nth < court.getCells().size(); nth++)
				if (court.getCells().get(nth).getState().getValue().equals("free"))
					return new OrderRequestPeriodsInner().courtId(court.getId())
						.start(grid.getSlots().get(nth).getStart())
						.end(grid.getSlots().get(nth).getEnd());
		throw new IllegalStateException("no court is free");
	}

	static CheckinCode code(ApiClient api, long order) throws Exception {
		for (int n = 0;; n++)
			try {
				return new CheckinCodesApi(api).getCheckinCode(order);
			} catch (ApiException error) {
				if (error.getCode() != 404 || n == 300)
					throw error;
				Thread.sleep(100);
			}
	}

	public static void main(String[] args) throws Exception {
		var api = new ApiClient();
		api.updateBaseUri(args[0]);
		var grant = logIn(new AuthApi(api), args[2]);
		api.setRequestInterceptor(request ->
			request.header("Authorization", "Bearer " + grant.getAccessToken()));
		var grid = new VenuesApi(api).getAvailability("badminton", LocalDate.parse(args[3]), 1L);
		var orders = new OrdersApi(api);
		var order = orders.createOrder(UUID.randomUUID().toString(), new OrderRequest()
			.venueId(1L).date(grid.getDate()).periods(List.of(firstFree(grid))));
		var payment = orders.createPayment(UUID.randomUUID().toString(), order.getId(),
			new PaymentRequest().channel(PaymentRequest.ChannelEnum.WECHAT)
				.method(PaymentRequest.MethodEnum.JSAPI));
		var params = ApiClient.createDefaultObjectMapper()
			.writeValueAsString(payment.getPayParams());
		HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(args[1] + "/sim/pay"))
			.header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString(params)).build(),
			HttpResponse.BodyHandlers.discarding());
		var ready = code(api, order.getId());
		var paid = orders.getOrder(order.getId());
		System.out.println(paid.getState().getValue() + " " + paid.getAmountFen() + " "
			+ ready.getShortCode().length());
	}
}
