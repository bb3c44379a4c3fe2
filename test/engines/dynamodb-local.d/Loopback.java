import java.util.Arrays;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;

/** DynamoDB Local listens on every interface and has no option against that; this starts it on loopback alone. */
public class Loopback {
    public static void main(String[] arguments) throws Exception {
        var dynamo = ServerRunner.createServerFromCommandLineArgs(arguments);
        var field = dynamo.getClass().getDeclaredField("server");
        field.setAccessible(true);
        var connectors = ((Server) field.get(dynamo)).getConnectors();
        Arrays.stream(connectors).forEach(connector -> ((ServerConnector) connector).setHost("127.0.0.1"));
        dynamo.start();
        dynamo.join();
    }
}
