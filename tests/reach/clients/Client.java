// A client that uses the HttpClient of Java.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

public class Client {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("https://daisysim.com/api/v1/virtual" + path))
            .header("Authorization", "Bearer daisy-demo")
            .header("Content-Type", "application/json");
    }

    private static String answer(HttpRequest request) throws Exception {
        return HTTP.send(request, BodyHandlers.ofString()).body();
    }

    public static void main(String[] arguments) throws Exception {
        String order = "{\"country\": 6, \"service\": \"wa\", \"price\": 0.3664}";
        String balance = answer(to("/balance").build());
        String bought = answer(to("/purchase").POST(HttpRequest.BodyPublishers.ofString(order)).build());
        System.out.printf("{\"balance\": %s, \"bought\": %s}%n", balance, bought);
    }
}
