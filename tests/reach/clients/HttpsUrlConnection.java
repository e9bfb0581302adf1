// A client that uses the HttpsURLConnection of Java.
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;

public class HttpsUrlConnection {
    private static String answer(String path, String order) throws Exception {
        URI place = URI.create("https://daisysim.com/api/v1/virtual" + path);
        HttpURLConnection connection = (HttpURLConnection) place.toURL().openConnection();
        connection.setRequestProperty("Authorization", "Bearer daisy-demo");
        if (order != null) {
            connection.setRequestProperty("Content-Type", "application/json");
            connection.setDoOutput(true);
            connection.getOutputStream().write(order.getBytes(StandardCharsets.UTF_8));
        }
        try (InputStream body = connection.getInputStream()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    public static void main(String[] arguments) throws Exception {
        String balance = answer("/balance", null);
        String bought = answer("/purchase", "{\"country\": 6, \"service\": \"wa\", \"price\": 0.3664}");
        System.out.printf("{\"balance\": %s, \"bought\": %s}%n", balance, bought);
    }
}
