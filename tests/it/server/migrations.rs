//! The schema goes up and down, and keys belong to one database.

use std::sync::Arc;

use hoctap::base::db;
use hoctap::base::keys::Keys;
use hoctap::server::setup;

use crate::support::cluster;

/// Everything that makes a schema, as sorted lines.
async fn schema(url: &str) -> Vec<String> {
    let client = db::copy_client(url).await.expect("a connection");
    let query = "
        select format('column %s.%s %s %s %s %s', table_name, column_name, data_type, is_nullable,
                      column_default, collation_name) as line
        from information_schema.columns where table_schema = 'public'
        union all
        select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        from pg_constraint where connamespace = 'public'::regnamespace
        union all
        select format('index %s', indexdef) from pg_indexes where schemaname = 'public'
        union all
        select format('trigger %s', pg_get_triggerdef(oid)) from pg_trigger where not tgisinternal
        union all
        select format('function %s', pg_get_functiondef(p.oid)) from pg_proc p
        where pronamespace = 'public'::regnamespace
          and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')
        union all
        select format('table %s %s %s %s', relname, relkind, relpersistence, reloptions)
        from pg_class where relnamespace = 'public'::regnamespace
        union all
        select format('extension %s', extname) from pg_extension
        order by 1";
    client.query(query, &[]).await.expect("the schema").iter().map(|row| row.get(0)).collect()
}

#[actix_web::test]
async fn up_down_and_up_leave_the_same_schema() {
    let (url, _) = cluster::empty_database().await;
    let empty = schema(&url).await;
    db::migrate(&url).await.expect("up");
    let first = schema(&url).await;
    assert!(first.len() > 500, "{}", first.len());
    db::migrate(&url).await.expect("nothing more to do");
    db::unmigrate(&url).await.expect("down");
    let mut left = schema(&url).await;
    left.retain(|line| !empty.contains(line) && !line.contains("__diesel_schema_migrations"));
    assert_eq!(left, [] as [&str; 0], "what down leaves behind");
    db::migrate(&url).await.expect("up again");
    let again = schema(&url).await;
    let differs: Vec<_> = first
        .iter()
        .filter(|line| !again.contains(line))
        .chain(again.iter().filter(|line| !first.contains(line)))
        .collect();
    assert!(differs.is_empty(), "{differs:#?}");
}

#[actix_web::test]
async fn keys_other_than_the_databases_are_refused() {
    let (url, keys) = cluster::new_register().await;
    setup::prepare(&url, &keys).await.expect("its own keys");
    let refused = setup::prepare(&url, &Arc::new(Keys::generate())).await.err().expect("others");
    assert!(refused.to_string().contains("file of keys"), "{refused}");
}
