import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.resource.*;
public class Seed {
  public static void main(String[] a) throws Exception {
    Map<String, Object> to = Map.of("bootstrap.servers", a[0]);
    try (Admin admin = Admin.create(to)) {
      List<NewTopic> topics = new ArrayList<>(List.of(
        new NewTopic("orders", 6, (short) 1).configs(Map.of("retention.ms", "604800000")),
        new NewTopic("orders.items", 1, (short) 1),
        new NewTopic("users", 3, (short) 1).configs(Map.of("cleanup.policy", "compact")),
        new NewTopic("Odd_name-1.with.ALL_the--characters", 1, (short) 1),
        new NewTopic("l".repeat(249), 1, (short) 1)));
      for (int i = 0; i < Integer.parseInt(a[1]); i++) topics.add(new NewTopic(String.format("many-%05d", i), 1, (short) 1));
      for (int i = 0; i < topics.size(); i += 1000) admin.createTopics(topics.subList(i, Math.min(i + 1000, topics.size()))).all().get();
      List<AclBinding> acls = new ArrayList<>();
      for (String who : List.of("User:reader", "User:CN=mooring_reader")) {
        acls.add(new AclBinding(new ResourcePattern(ResourceType.TOPIC, "orders", PatternType.PREFIXED), new AccessControlEntry(who, "*", AclOperation.READ, AclPermissionType.ALLOW)));
        acls.add(new AclBinding(new ResourcePattern(ResourceType.TOPIC, "orders", PatternType.PREFIXED), new AccessControlEntry(who, "*", AclOperation.DESCRIBE_CONFIGS, AclPermissionType.ALLOW)));
      }
      acls.add(new AclBinding(new ResourcePattern(ResourceType.TOPIC, "many-", PatternType.PREFIXED), new AccessControlEntry("User:many", "*", AclOperation.READ, AclPermissionType.ALLOW)));
      admin.createAcls(acls).all().get();
    }
    Map<String, Object> p = new HashMap<>(to);
    for (String s : List.of("key", "value")) p.put(s + ".serializer", "org.apache.kafka.common.serialization.StringSerializer");
    try (Producer<String, String> out = new KafkaProducer<>(p)) {
      for (int i = 0; i < 300; i++) {
        out.send(new ProducerRecord<>("orders", "k" + i, "{\"id\":" + i + ",\"total\":\"" + i + ".50\"}"));
        out.send(new ProducerRecord<>("users", "u" + i, "{\"id\":" + i + ",\"email\":\"u" + i + "@example.test\"}"));
      }
    }
  }
}
